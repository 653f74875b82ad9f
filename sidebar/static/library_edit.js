// One's own script or material in its sheet: parts are added, moved and removed, variables go to the
// caret, files are sent in pieces. Drafts and saving go by htmx; here is what happens around that.
(() => {
  "use strict";

  const PIECE = 48 * 1024;
  // Before each try.
  const PAUSES_MS = [0, 1000, 2000, 4000];

  const get = (id) => document.getElementById(id);
  const on = (name, work) => document.addEventListener(name, work, true);
  const change = () => get("edit-form").dispatchEvent(new Event("input", { bubbles: true }));

  function arrange() {
    const parts = get("edit-parts");
    const adds = get("edit-adds");
    if (!adds) return;
    adds.hidden = parts.children.length >= parts.dataset.most;
    parts.querySelectorAll("textarea").forEach(window.banke.grow);
  }

  // Before htmx hears of it: the later version is the one that counts.
  on("input", ({ target }) => {
    const form = target.closest("#edit-form");
    if (form) form.elements.typed.value = Date.now();
    arrange();
  });

  const ACTS = {
    up: (part) => part.previousElementSibling?.before(part),
    down: (part) => part.nextElementSibling?.after(part),
    remove: (part) => part.remove(),
    resume: (part) => run(uploads.get(part)),
    cancel: (part) => show(part),
  };

  on("click", ({ target }) => {
    const button = target.closest("#edit-form [type=button]");
    if (!button) return;
    const part = button.closest("li");
    const { add, insert, act } = button.dataset;
    let next = button;
    if (add) {
      get("edit-parts").append(get(`part-${add}`).content.cloneNode(true));
      next = get("edit-parts").lastElementChild.querySelector("textarea, input:not([type=hidden])");
    } else if (insert) {
      next = part.querySelector("textarea");
      next.focus();
      document.execCommand("insertText", false, insert);
    } else ACTS[act](part);
    change();
    (next.isConnected ? next : get("edit-adds").firstElementChild).focus();
  });

  // Files. A part says by data-up how its upload goes: on, or held until somebody goes on with it.

  const uploads = new WeakMap();
  const isOn = (up) => uploads.get(up.part) === up && up.part.isConnected && up.fault === undefined;
  const isBusy = () => document.querySelector("#edit-parts > :is([data-up=on], [data-up=held])");

  function show(part, up, state = "", words = "") {
    uploads.set(part, up);
    part.dataset.up = state;
    part.querySelector("[data-gone]").textContent = words;
    get("edit-waits").hidden ||= state !== "on";
  }

  on("change", ({ target }) => {
    const [file] = target.files || [];
    const part = target.closest("#edit-parts > li");
    if (!part || !file) return;
    const { accept, dataset: { most, unfit } } = target;
    if (file.size > most || (accept && !accept.includes(file.type))) show(part, null, "", unfit);
    else run({ part, file, key: `${Date.now()}-${Math.random()}`, bytes: 0, left: [...Array(Math.ceil(file.size / PIECE) || 1).keys()] });
    target.value = "";
  });

  // Gives the answer; throws what the server has against it, in words, or "" when it is not reached.
  async function post(up, action, fields) {
    const { action: save, elements } = get("edit-form");
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf_token: elements.csrf_token.value, key: up.key, ...fields })) body.append(name, value);
    for (const pause of PAUSES_MS) {
      await new Promise((go) => { setTimeout(go, pause); });
      if (!isOn(up)) break;
      up.why = "";
      const answer = await fetch(save.replace(/save$/, action), { method: "POST", body, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout?.(30000) }).catch(() => null);
      if (!answer?.headers.has("Banke")) continue;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (answer.ok) return page;
      if (answer.status === 422) throw page.textContent;
      up.why = page.querySelector(".bk-problem__what")?.textContent;
    }
    throw "";
  }

  async function send(up) {
    const n = up.left.shift();
    const { part, file } = up;
    const [kind, bar] = ["input", "progress"].map((name) => part.querySelector(name));
    try {
      const here = await post(up, "piece", { kind: kind.value, filename: file.name, size: file.size, n, data: file.slice(n * PIECE, (n + 1) * PIECE) });
      up.bytes = Math.max(up.bytes, here.textContent);
      bar.value = up.bytes / file.size;
    } catch (words) {
      up.left.unshift(n);
      up.fault ??= words;
    }
  }

  async function drain(up) {
    while (up.left.length && isOn(up)) await send(up);
  }

  // The first piece goes alone: what the server refuses it refuses before the others are sent.
  async function run(up) {
    const { part } = up;
    delete up.fault;
    show(part, up, "on");
    if (!up.bytes) await send(up);
    await Promise.all([drain(up), drain(up), drain(up)]);
    const page = isOn(up) && await post(up, "finish").catch((words) => { up.fault = words; });
    if (uploads.get(part) !== up || !part.isConnected) return;
    if (page) {
      const isAwaited = !get("edit-waits").hidden;
      part.querySelector(".bk-file").replaceChildren(...page.childNodes);
      show(part);
      change();
      if (isAwaited && !isBusy()) get("edit-form").requestSubmit();
    } else if (up.fault) show(part, null, "", up.fault);
    else show(part, up, "held", up.why || part.querySelector("[data-gone]").dataset.gone);
  }

  // Saving waits for the files.
  on("submit", (event) => {
    if (event.target.id !== "edit-form" || !isBusy()) return;
    event.preventDefault();
    event.stopPropagation();
    get("edit-waits").hidden = false;
  });

  // While the form is on its way nothing can be typed, and no draft follows it; a draft outlives the page.
  on("htmx:before:request", (event) => {
    const { sourceElement, sourceEvent, request } = event.detail.ctx;
    const edit = sourceElement.closest?.("#edit");
    const state = get("edit-state");
    if (!edit || !state) return;
    if (sourceElement !== state) {
      state.dispatchEvent(new Event("htmx:abort"));
      edit.inert = true;
    } else if (edit.inert || sourceEvent.relatedTarget?.type === "submit" || get("edit-form").elements.typed.value === "0") event.preventDefault();
    else request.keepalive = true;
  });

  on("htmx:finally:request", ({ detail: { ctx: { sourceElement, request, response } } }) => {
    if (get("edit") && sourceElement.id !== "edit-state") get("edit").inert = false;
    if (response?.raw.ok && /\/(save|remove|restore)$/.test(request.action)) document.body.dispatchEvent(new Event("banke:library"));
  });

  on("htmx:after:swap", arrange);
})();
