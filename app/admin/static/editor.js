// An editor of messages, of a welcome script or of an item of the library: variables go to the caret;
// parts are added, moved by keys or by dragging, and given files, which are sent in pieces.
(() => {
  "use strict";

  const form = document.getElementById("edit-form");
  if (!form) return;

  const list = document.getElementById("attachments");
  const adds = document.getElementById("attachment-adds");
  let dragged = null;

  const changed = () => document.body.dispatchEvent(new Event("banke:changed"));

  function arrange() {
    adds.hidden = list.children.length >= list.dataset.most;
    for (const one of form.querySelectorAll("[data-for], [data-act]")) one.hidden = false;
  }

  arrange();

  // Parts.

  const ACTS = {
    up: (item) => item.previousElementSibling?.before(item),
    down: (item) => item.nextElementSibling?.after(item),
    remove: (item) => item.remove(),
  };

  function add(name) {
    list.append(document.getElementById(`new-${name}`).content.cloneNode(true));
    list.lastElementChild.querySelector("input:not([type=hidden]), textarea").focus();
  }

  form.addEventListener("click", ({ target }) => {
    const button = target.closest("button[type=button]");
    if (!button) return;
    const { insert, act, add: kind } = button.dataset;
    if (insert) {
      const box = button.closest("[data-for]");
      const field = document.getElementById(box.dataset.for) ?? box.closest("li").querySelector("textarea");
      field.focus();
      document.execCommand("insertText", false, insert);
      return;
    }
    if (kind) add(kind);
    else if (act) {
      const item = button.closest("li");
      ACTS[act](item);
      (item.isConnected ? button : adds.querySelector("button")).focus();
    } else return;
    arrange();
    changed();
  });

  list.addEventListener("dragstart", (event) => {
    // Who marks text in a field drags no part.
    if (event.target.closest("input, textarea")) return;
    dragged = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!dragged || !over || over.parentNode !== list) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (over !== dragged) over[event.clientY > top + height / 2 ? "after" : "before"](dragged);
  });
  list.addEventListener("dragend", () => {
    dragged = null;
    changed();
  });

  // Files. What the server has against one is said beside it.

  async function upload(field, file) {
    const item = field.closest("li");
    const [bar, fault] = ["progress", "[role=alert]"].map((one) => item.querySelector(one));
    const { kind, most, unfit, gone } = field.dataset;
    fault.textContent = "";
    if (file.size > most || (field.accept && !field.accept.includes(file.type))) {
      fault.textContent = unfit;
      return;
    }
    bar.hidden = false;
    bar.value = 0;
    form.setAttribute("aria-busy", "true");
    try {
      const key = await bankePieces.send(form, file, kind, (share) => { bar.value = share; });
      const made = (await bankePieces.post(form, "finish", { key })).firstElementChild;
      item.querySelector("[name=a_material]").value = made.dataset.material;
      item.querySelector("[data-name]").textContent = made.textContent;
      changed();
    } catch (error) {
      fault.textContent = error.message || gone;
    }
    bar.hidden = true;
    form.removeAttribute("aria-busy");
  }

  form.addEventListener("change", ({ target }) => {
    if (target.type !== "file" || !target.files[0]) return;
    upload(target, target.files[0]);
    target.value = "";
  });
})();
