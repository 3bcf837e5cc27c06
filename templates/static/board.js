// Assign: tick all or none, and tell how many are ticked.
"use strict";
(() => {
  const form = document.querySelector("form.assign");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=pick]")];
  const told = form.querySelector("[data-count]");
  const count = () => {
    const ticked = boxes.filter((one) => one.checked).length;
    told.textContent = `${ticked} of ${boxes.length} ticked`;
  };
  form.querySelector("[data-only-script]").hidden = boxes.length === 0;
  for (const button of form.querySelectorAll("[data-tick]")) {
    button.addEventListener("click", () => {
      for (const one of boxes) one.checked = button.dataset.tick === "all";
      count();
    });
  }
  form.addEventListener("change", count);
  count();
})();
