// On small screens the menu beside the pages lies on its side: begin where the reader is.
const menu = document.querySelector(".side");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - menu.clientWidth / 2;
