// The worklist by keys, selecting, and what changed since the page was made, put in place without moving anything.
"use strict";
(() => {
  const { keys } = window.discharge;
  const by = (id) => document.getElementById(id);
  const rows = () => [...document.querySelectorAll("tr.case")];
  const linkOf = (row) => row?.querySelector("th a");
  const boxOf = (row) => row?.querySelector(".pick input");
  const here = () => document.activeElement?.closest("tr.case");
  htmx.config.refreshOnHistoryMiss = true;

  // --- keys
  let last = null;
  const go = (row) => {
    if (!row) return;
    last = row.dataset.case;
    linkOf(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = rows();
    const at = here() || all.find((one) => one.dataset.case === last);
    if (!at) return go(all[0]);
    const next = all[all.indexOf(at) + by];
    if (next) go(next);
    else if (by > 0) more();
  };
  const more = () => document.querySelector("#more button")?.click();
  const pick = () => {
    const box = boxOf(here());
    if (box) box.click();
  };
  keys.j = () => step(1);
  keys.k = () => step(-1);
  keys.x = pick;
  keys.o = () => linkOf(here())?.click();
  keys["/"] = () => { by("search").focus(); by("search").select(); };
  keys.e = () => by("unfold").click();
  keys.m = more;
  keys.r = () => { if (!by("resort")?.hidden) by("resort").click(); };
  keys.b = () => { if (picked().length) by("picked").querySelector("button").focus(); };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.id === "search") {
      event.preventDefault();
      go(rows().find((one) => one.dataset.case === last) || rows()[0]);
    } else if (event.target.matches?.(".pick input")) {
      // A box that has the focus is no place to type: the list's keys go on working there.
      const act = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
      if (act) { event.preventDefault(); act(event); }
    }
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("tr.case");
    if (row) last = row.dataset.case;
  });

  // --- selecting
  const picked = () => [...document.querySelectorAll(".pick input[name=case]:checked")];
  const tell = () => {
    const bar = by("picked");
    if (!bar) return;
    const count = picked().length;
    bar.hidden = count === 0 && !by("outcome").textContent.trim();
    by("picked-count").textContent = count ? `${count} selected` : "None selected";
    const all = by("pick-all");
    if (all) {
      all.checked = count > 0 && count === document.querySelectorAll(".pick input[name=case]").length;
      all.indeterminate = count > 0 && !all.checked;
    }
  };
  let before = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches?.(".pick input[name=case]")) return;
    const boxes = [...document.querySelectorAll(".pick input[name=case]")];
    const from = boxes.findIndex((one) => one.value.split(".")[0] === before);
    if (event.shiftKey && from >= 0) {
      const to = boxes.indexOf(box);
      for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
    }
    before = box.value.split(".")[0];
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "pick-all") {
      for (const one of document.querySelectorAll(".pick input[name=case]")) one.checked = event.target.checked;
    }
    if (event.target.closest(".pick")) tell();
  });
  by("pick-none")?.addEventListener("click", () => {
    for (const one of picked()) one.checked = false;
    by("outcome").replaceChildren();
    tell();
    go(rows().find((one) => one.dataset.case === last));
  });

  // --- how far off times are goes on by the clock of the page, which is the server's
  let read = performance.now();
  const now = () => {
    const made = by("bulk")?.dataset.now;
    return made ? new Date(Date.parse(made) + performance.now() - read) : null;
  };
  const until = (due, at) => {
    const gap = Math.abs(due - at) / 60000;
    if (gap < 1) return "now";
    const told = gap < 60 ? `${Math.floor(gap)} min` : gap < 48 * 60 ? `${Math.floor(gap / 60)} h` : `${Math.floor(gap / 1440)} d`;
    return due > at ? `in ${told}` : `${told} late`;
  };
  const age = () => {
    const at = now();
    if (!at) return;
    for (const one of document.querySelectorAll(".worklist time.when[datetime]")) {
      const due = new Date(one.dateTime);
      const told = until(due, at);
      if (one.textContent !== told) one.textContent = told;
      one.classList.toggle("late", due < at);
    }
  };
  setInterval(age, 30000);

  // --- the list was put in anew: what was selected stays so, and the focus stays with its patient
  let kept = null;
  let tail = null;
  const keep = () => {
    kept = { picked: new Set(picked().map((one) => one.value.split(".")[0])), at: here()?.dataset.case };
  };
  const restore = () => {
    for (const one of document.querySelectorAll(".pick input[name=case]")) {
      if (kept?.picked.has(one.value.split(".")[0])) one.checked = true;
    }
    if (kept?.at) go(by(`c-${kept.at}`));
    kept = null;
    tell();
  };
  const settle = () => {
    read = performance.now();
    if (by("pick-all")) by("pick-all").disabled = false;
    if (by("pick-none")) by("pick-none").hidden = false;
    if (by("ask-button")) by("ask-button").classList.add("sr");
    by("print").hidden = false;
    tell();
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "list") keep();
    if (event.detail.target.id === "more") tail = rows().at(-1)?.id;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const at = event.detail.target.id;
    if (at === "list") { settle(); restore(); }
    if (at === "outcome") done();
    if (at === "more") {
      tell();
      const all = rows();
      const next = all[all.findIndex((one) => one.id === tail) + 1];
      if (!here() && document.activeElement === document.body) go(next);
    }
  });

  // --- the outcome of an act on the selected: what was written is no longer selected
  const done = () => {
    const written = new Set((by("outcome").querySelector("[data-written]")?.dataset.written || "").split(" "));
    for (const one of picked()) if (written.has(one.value.split(".")[0])) one.checked = false;
    for (const one of by("picked").querySelectorAll("details[open]")) if (written.size > 1 || !written.has("")) one.open = false;
    tell();
    by("outcome").focus();
  };

  // --- news: asked for only while somebody can see the page and is signed in
  let stopped = null;
  const token = () => document.querySelector("meta[name=csrf-token]").content;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id !== "news") return;
    if (document.hidden || by("again")?.open || stopped === token()) event.preventDefault();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) stopped = token();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters } = event.detail;
    if (elt.id === "news") parameters.set ? parameters.set("ids", rows().map((one) => one.dataset.case).join(" ")) : (parameters.ids = rows().map((one) => one.dataset.case).join(" "));
    if (elt.hasAttribute("data-resort")) parameters.set ? parameters.set("shown", String(rows().length)) : (parameters.shown = String(rows().length));
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && by("news")) { age(); htmx.trigger(by("news"), "submit"); }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr, successful } = event.detail;
    if (elt.id !== "news" || !successful || xhr.status !== 200) return;
    put(new DOMParser().parseFromString(xhr.responseText, "text/html"));
  });
  const put = (news) => {
    for (const fresh of news.querySelectorAll("tr.case")) {
      const old = by(fresh.id);
      if (!old) continue;
      const focused = old.contains(document.activeElement) ? (document.activeElement.closest(".pick") ? "pick" : "link") : null;
      const box = boxOf(fresh);
      if (box) box.checked = Boolean(boxOf(old)?.checked);
      fresh.classList.add("changed");
      old.replaceWith(document.adoptNode(fresh));
      if (focused === "pick") box?.focus({ preventScroll: true });
      if (focused === "link") linkOf(fresh).focus({ preventScroll: true });
    }
    const told = news.querySelector("#news-told").dataset;
    for (const one of told.gone.split(" ").filter(Boolean)) by(`c-${one}`)?.classList.add("gone");
    const counts = news.getElementById("counts");
    if (counts && by("counts")) {
      const focus = by("counts").contains(document.activeElement) ? document.activeElement.id : null;
      by("counts").replaceWith(document.adoptNode(counts));
      htmx.process(by("counts"));
      if (focus) by(focus)?.focus({ preventScroll: true });
    }
    by("news-seq").value = told.seq;
    by("news-at").value = told.at;
    by("changes-text").textContent = news.querySelector("#news-told").textContent.trim();
    by("resort").hidden = told.resort !== "true";
    tell();
  };

  // --- print all that fits the filter, not only what was shown so far
  by("print")?.addEventListener("click", async () => {
    const button = document.querySelector("#more button");
    if (button) {
      const values = { size: "1000", from: button.value };
      await htmx.ajax("POST", "/worklist/rows", { source: "#ask", target: "#more", swap: "outerHTML", values });
    }
    window.print();
  });
  window.addEventListener("beforeprint", () => {
    const shown = by("printed-last");
    if (shown) shown.textContent = String(rows().length);
    age();
  });

  // --- coming back from a case: to the patient one left
  const place = "discharge.worklist.at";
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("tr.case");
    if (row && event.target.closest("a")) {
      sessionStorage.setItem(place, row.dataset.case);
      sessionStorage.setItem("discharge.worklist.list", location.search);
    }
  });
  settle();
  const cameBack = sessionStorage.getItem("discharge.worklist.back");
  sessionStorage.removeItem("discharge.worklist.back");
  if (cameBack || performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
    const at = sessionStorage.getItem(place);
    if (at) go(by(`c-${at}`));
  }
})();
