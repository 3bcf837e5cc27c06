// A comparison takes about a second: say so, and take one request at a time.
"use strict";
(() => {
  const working = document.querySelector("[data-working]");
  for (const form of document.querySelectorAll("form[data-compare]")) {
    form.addEventListener("submit", () => {
      working.hidden = false;
      for (const button of document.querySelectorAll("form[data-compare] button")) button.disabled = true;
    });
  }
  // Back from the next page the browser may show this one as it was left.
  window.addEventListener("pageshow", () => {
    if (working) working.hidden = true;
    for (const button of document.querySelectorAll("form[data-compare] button")) button.disabled = false;
  });
})();
