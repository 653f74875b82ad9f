// The box for notes: it grows, is sent with Ctrl or ⌘ and Enter, and what is typed into it outlives the
// page, the network and the server. Drafts go by htmx; here is what happens around that.
(() => {
  "use strict";

  // What the server does not have yet, by the address that takes it.
  const unsaved = new Map();
  const find = () => document.getElementById("note-text");
  const place = (box) => box.getAttribute("hx-post");
  let sent = "";

  // In lines and without a style: htmx would carry one over into what it swaps in, which the page's
  // policy forbids.
  function grow(box) {
    if (CSS.supports("field-sizing", "content")) return;
    box.rows = 1;
    while (box.scrollHeight > box.clientHeight && box.rows < 20) box.rows += 1;
  }
  window.banke.grow = grow;

  // Before htmx hears of it: the later version is the one that counts.
  document.addEventListener("input", ({ target }) => {
    if (target !== find()) return;
    target.form.elements.version.value = Date.now();
    unsaved.set(place(target), target.value);
    document.getElementById("draft-state").textContent = "";
    grow(target);
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.target === find() && event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
  });

  // A note or a draft on its way. What is typed meanwhile would be cleared with a note.
  const isOurs = ({ sourceElement: { id } }) => id === "note-form" || id === "note-text";
  const isNote = ({ sourceElement }) => sourceElement.id === "note-form";

  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (!isOurs(ctx)) return;
    sent = find().value;
    find().readOnly = isNote(ctx);
  });

  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    const box = find();
    if (isOurs(ctx) && box && ctx.response.raw.ok && box.value === sent) unsaved.delete(place(box));
  });

  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const box = find();
    if (!box || !isNote(ctx)) return;
    box.readOnly = false;
    if (ctx.response?.raw.ok && !unsaved.has(place(box))) box.form.reset();
    grow(box);
  });

  // A page that is read anew has what the server has: what was typed since goes back into it.
  document.addEventListener("htmx:after:settle", () => {
    const box = find();
    if (!box) return;
    const text = unsaved.get(place(box)) ?? box.value;
    if (text !== box.value) {
      box.value = text;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    grow(box);
  });

  const isUnsaved = () => find() && unsaved.has(place(find()));
  const save = () => isUnsaved() && window.htmx.trigger(find(), "banke:save");
  document.addEventListener("focusout", save);
  window.addEventListener("online", save);
  window.addEventListener("pagehide", () => {
    if (!isUnsaved()) return;
    const body = new URLSearchParams(new FormData(find().form));
    fetch(place(find()), { method: "POST", body, keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
  });
})();
