// What is chosen for comparing, kept while pages and filters change.
import { toast } from "./toasts.js";

const MOST = 6;
const KEPT = "compare";
const tray = document.getElementById("compare");
const boxes = () => [...document.querySelectorAll('input[form="compare"][name="models"]')];
const read = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");

function show() {
  const kept = read();
  for (const box of boxes()) box.checked = kept.includes(box.value);
  for (const hidden of tray.querySelectorAll("input")) hidden.remove();
  const here = new Set(boxes().map((box) => box.value));
  for (const id of kept.filter((id) => !here.has(id))) {
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "models", value: id });
    tray.append(hidden);
  }
  tray.querySelector("[data-count]").textContent = kept.length;
  tray.hidden = kept.length === 0;
}

function keep(ids) {
  sessionStorage.setItem(KEPT, JSON.stringify(ids));
  show();
}

document.addEventListener("change", (event) => {
  if (!event.target.matches('input[form="compare"]')) return;
  const others = read().filter((id) => id !== event.target.value);
  if (event.target.checked && others.length >= MOST) toast(`At most ${MOST} models are compared at once.`, "bad");
  else if (event.target.checked) others.push(event.target.value);
  keep(others);
});
tray.addEventListener("reset", () => keep([]));
document.addEventListener("htmx:afterSwap", show);
addEventListener("pageshow", show);
