// Prints the paper that is previewed, not the page round it.
"use strict";
(() => {
  for (const button of document.querySelectorAll("button[data-print]")) {
    const frame = document.getElementById(button.dataset.print);
    button.hidden = false;
    button.addEventListener("click", () => {
      frame.contentWindow.focus();
      frame.contentWindow.print();
    });
  }
})();
