// Buttons that copy what their snippet says.
import { toast } from "./toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.closest(".snippet").querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser does not let pages copy here. Select the text instead.", "bad");
  }
});
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
