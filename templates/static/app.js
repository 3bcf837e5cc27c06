// What every page does by script: the CSRF token on every request, a sign-in that ends without losing work, keys, faults.
"use strict";
(() => {
  const token = () => document.querySelector("meta[name=csrf-token]");
  const say = (text) => {
    const place = document.getElementById("trouble");
    place.replaceChildren();
    if (text) {
      const line = document.createElement("p");
      line.textContent = text;
      place.append(line);
    }
  };

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = token().content;
  });

  // A session that has ended: sign in over the page, then send again what was being sent.
  let waiting = null;
  const again = document.getElementById("again");
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt, requestConfig } = event.detail;
    if (xhr.status === 401 && again) {
      if (requestConfig.verb !== "get" || !again.open) {
        waiting = { elt, verb: requestConfig.verb, by: requestConfig.triggeringEvent?.submitter };
      }
      if (!again.open) again.showModal();
      return;
    }
    const part = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const text = part.body.textContent.replace(/\s+/g, " ").trim();
    say(text || "The server did not answer as expected. Try again.");
  });
  document.addEventListener("htmx:sendError", () => {
    say("The server can't be reached. What you entered is still here; try again when the network is back.");
  });
  document.addEventListener("htmx:afterOnLoad", () => say(""));

  const form = document.getElementById("again-form");
  if (form) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fault = document.getElementById("again-fault");
      fault.textContent = "";
      const body = JSON.stringify({ login: form.elements.login.value, password: form.elements.password.value });
      let answer;
      try {
        answer = await fetch("/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      } catch {
        fault.textContent = "The server can't be reached.";
        return;
      }
      if (!answer.ok) {
        fault.textContent = answer.status === 429 ? "Too many tries. Wait a minute." : "Login or password is not right.";
        return;
      }
      const session = await answer.json();
      token().content = session.csrf_token;
      for (const one of document.querySelectorAll("input[name=csrf_token]")) one.value = session.csrf_token;
      form.elements.password.value = "";
      again.close();
      if (waiting && waiting.elt.isConnected) {
        const { elt, verb, by } = waiting;
        waiting = null;
        if (elt.tagName === "FORM") elt.requestSubmit(by?.isConnected ? by : undefined);
        else if (verb === "get") htmx.trigger(elt, "again");
      }
    });
  }

  // Faults of a form: mark the entries they name, and go to the first.
  document.addEventListener("htmx:afterSwap", (event) => {
    const place = event.detail.target;
    if (!place.classList || !place.classList.contains("form-faults")) return;
    const of = place.closest("form");
    for (const one of of.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    const named = [...place.querySelectorAll("[data-entry]")].map((one) => document.getElementById(one.dataset.entry));
    for (const one of named) if (one) one.setAttribute("aria-invalid", "true");
    const first = named.find((one) => one) || place;
    if (first === place) place.tabIndex = -1;
    first.focus();
  });

  // A link to a part that is one folded form opens the form.
  const unfold = () => {
    const at = location.hash && document.getElementById(location.hash.slice(1));
    const fold = at && at.querySelector(":scope > details:only-child");
    if (!fold) return;
    fold.open = true;
    fold.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  };
  unfold();
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[href*='#']")) setTimeout(unfold);
  });

  // From a case back to the list as it was left: its filters, and the patient.
  const back = document.querySelector(".case-back a");
  const list = sessionStorage.getItem("discharge.worklist.list");
  if (back && list) back.href = `/worklist${list}`;
  back?.addEventListener("click", () => sessionStorage.setItem("discharge.worklist.back", "yes"));

  // Keys. A page adds its own to window.discharge.keys: { j: () => ... }.
  const keys = { "?": () => document.getElementById("keys")?.showModal() };
  window.discharge = { keys, say };
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const typing = at.closest("input, select, textarea, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act(event);
    }
  });
})();
