// A list by keyboard.
const links = () => [...document.querySelectorAll(".who > a")];

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox], [type=radio]), select, textarea");
  if (event.key === "Escape" && event.target.id === "q") event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  const rows = links();
  const at = rows.indexOf(document.activeElement);
  if (event.key === "/") document.getElementById("q").focus();
  else if (step && (event.key.length === 1 || at >= 0)) rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
  else if (event.key === "x" && at >= 0) rows[at].closest(".model").querySelector("input")?.click();
  else return;
  event.preventDefault();
});

// A search has been sent while it was typed: leaving the field does not send it again.
document.getElementById("q").addEventListener("change", (event) => event.stopPropagation());

// On small screens the filters begin folded away.
if (matchMedia("(max-width: 62rem)").matches) for (const panel of document.querySelectorAll("[data-panel]")) panel.open = false;
