// Assessments: questions that other answers close are hidden and send nothing. Leaving a page with unsaved entries asks first.
"use strict";
(() => {
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const UNKNOWN = ["asked-unknown", "asked-declined"];

  const answerOf = (link) => {
    const field = form.querySelector(`fieldset[data-link="${CSS.escape(link)}"]`);
    if (!field || field.disabled || field.closest("[hidden]")) return null;
    const named = [...field.querySelectorAll(`[name="answers.${CSS.escape(link)}"]`)];
    const values = named
      .filter((one) => (one.type !== "radio" && one.type !== "checkbox") || one.checked)
      .map((one) => one.value.trim())
      .filter((value) => value && !UNKNOWN.includes(value));
    if (!values.length) return null;
    const kind = field.dataset.kind;
    if (kind === "several") return values;
    if (kind === "yes_no") return values[0] === "true";
    if (kind === "number") return Number(values[0].replace(",", "."));
    return values[0];
  };
  const holds = ({ question, operator, answer }) => {
    const said = answerOf(question);
    if (operator === "exists") return (said !== null) === answer;
    if (said === null) return false;
    const same = Array.isArray(said) ? said.includes(answer) : said === answer;
    if (operator === "=") return same;
    if (operator === "!=") return !same;
    if (operator === ">") return said > answer;
    if (operator === "<") return said < answer;
    if (operator === ">=") return said >= answer;
    return said <= answer;
  };
  const conditional = [...form.querySelectorAll("[data-when]")];
  const settle = () => {
    for (const one of conditional) {
      const tests = JSON.parse(one.dataset.when).map(holds);
      const asked = one.dataset.any === "true" ? tests.some(Boolean) : tests.every(Boolean);
      const open = asked && !one.parentElement.closest("[hidden]");
      one.hidden = !open;
      const fields = one.matches("fieldset") ? [one] : one.querySelectorAll("fieldset");
      for (const field of fields) if (one === field || !field.dataset.when || !open) field.disabled = !open;
    }
  };
  settle();
  form.addEventListener("change", settle);

  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.elt === form && event.detail.xhr.status === 204) changed = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
})();
