// Payer, and tasks and notices: the timeline begins at its end, where today is; a link to a folded part opens it.
"use strict";
(() => {
  const box = document.querySelector(".timeline-box");
  if (box) box.scrollLeft = box.scrollWidth;
  const open = () => {
    const found = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    for (let one = found; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
  };
  window.addEventListener("hashchange", open);
  open();
})();
