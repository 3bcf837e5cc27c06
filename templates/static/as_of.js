// The slider of a case's moments: it says the moment while it moves, and goes there when it is let go. [ and ] step.
"use strict";
(() => {
  const form = document.querySelector("[data-as-of]");
  if (form) {
    const range = form.querySelector("input");
    const said = form.querySelector("output");
    const stops = [...document.getElementById("as-of-stop").options].reverse();
    const began = range.value;
    form.hidden = false;
    range.value = range.defaultValue;
    range.addEventListener("input", () => {
      const stop = stops[Number(range.value)];
      said.textContent = stop.dataset.said;
      range.setAttribute("aria-valuetext", stop.textContent);
    });
    let waiting = 0;
    const go = () => {
      if (range.value === began) return;
      const at = stops[Number(range.value)].value;
      location.assign(at ? `${form.getAttribute("action")}?at=${encodeURIComponent(at)}` : form.getAttribute("action"));
    };
    // With the arrow keys every step is a change: wait until they rest.
    range.addEventListener("change", () => {
      clearTimeout(waiting);
      waiting = setTimeout(go, 600);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go();
    });
  }
  const step = (rel) => () => document.querySelector(`.as-of-steps a[rel=${rel}]`)?.click();
  window.discharge.keys["<"] = step("prev");
  window.discharge.keys[">"] = step("next");
})();
