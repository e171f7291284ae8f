// Short messages in a corner, read out by screen readers; and what went wrong with a request that a script made.
const place = document.getElementById("toasts");

export function toast(text, kind = "") {
  const made = document.createElement("div");
  made.className = `toast ${kind}`;
  made.textContent = text;
  place.append(made);
  setTimeout(() => made.remove(), 6000);
}

document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Nothing was changed.", "bad"));
document.addEventListener("htmx:timeout", () => toast("The server took too long to answer.", "bad"));
