// On small screens the menu beside the pages lies on its side, and charts are wider than the screen:
// begin where the reader is, and with the newest day.
const menu = document.querySelector(".side");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - menu.clientWidth / 2;

function newest() {
  for (const figure of document.querySelectorAll(".page figure.card")) figure.scrollLeft = figure.scrollWidth;
}
newest();
document.addEventListener("htmx:afterSwap", newest);
