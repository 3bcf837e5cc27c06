// Pages of one case: keys from page to page, folding of criteria, evidence that Escape puts away.
"use strict";
(() => {
  const keys = window.discharge.keys;
  const step = (by) => {
    const tabs = [...document.querySelectorAll(".tabs a")];
    const here = tabs.findIndex((one) => one.getAttribute("aria-current") === "page");
    const next = tabs[here + by];
    if (next) next.click();
  };
  keys["["] = () => step(-1);
  keys["]"] = () => step(1);
  // Criteria: unfold or fold all of the area.
  const trees = () => [...document.querySelectorAll("details.crit, details.file")];
  const fold = (open) => {
    for (const one of trees()) one.open = open;
  };
  for (const place of document.querySelectorAll(".only-script")) place.hidden = false;
  for (const button of document.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => fold(button.dataset.fold === "open"));
  }
  if (trees().length) keys.u = () => fold(trees().some((one) => !one.open));

  // What hovering or focus shows goes away with Escape, until the pointer or the focus moves on.
  const root = document.documentElement;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") root.classList.add("evidence-off");
  });
  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.closest?.(".seen-at")) root.classList.remove("evidence-off");
    });
  }
  keys.w = () => document.querySelector(".case-back a")?.click();
})();
