// A field that was tapped is an input until it is left, and then saved; what can be copied is.
(() => {
  "use strict";

  const on = (name, work) => document.addEventListener(name, work);
  const stateOf = (form) => new URLSearchParams(new FormData(form)).toString();
  const save = (form) => form.querySelector("button").click();
  const cancel = (form) => form.querySelector("a").click();
  const before = new WeakMap();
  // The row that has the focus; the answer takes away what had it.
  let row = "";
  let byKeys = false;

  const enter = ({ target }) => { row = target.closest(".bk-field")?.id || ""; };
  on("focusin", (event) => {
    enter(event);
    const form = event.target.closest(".bk-edit");
    if (form && !before.has(form)) before.set(form, stateOf(form));
  });

  // Who goes to another window comes back to what he was about; what he changed is saved anyway.
  on("focusout", ({ target, relatedTarget }) => {
    const form = target.closest(".bk-edit");
    if (!form || form.contains(relatedTarget)) return;
    setTimeout(() => {
      const { held } = form.dataset;
      if (!form.isConnected || held === "conflict") return;
      if (before.get(form) !== stateOf(form)) save(form);
      else if (!held && !form.contains(document.activeElement)) cancel(form);
    });
  });

  // Arrow keys only go from choice to choice; one that was tapped is meant.
  on("change", ({ target }) => {
    if (!byKeys && target.matches(".bk-edit [name=text]:is(select, [type=radio])")) save(target.form);
  });
  on("pointerdown", () => { byKeys = false; });

  on("keydown", (event) => {
    byKeys = true;
    const { key, target } = event;
    const form = target.closest(".bk-edit");
    if (!form || event.isComposing) return;
    if (key === "Escape") cancel(form);
    if (key !== "Enter" || !target.matches("textarea, select")) return;
    event.preventDefault();
    save(form);
  });

  // A label, and the link that cancels, take the focus from nothing: what is left is saved.
  on("mousedown", (event) => event.target.closest(".bk-edit :is(a, label)") && event.preventDefault());

  on("htmx:after:swap", () => {
    const saved = document.querySelectorAll(".bk-saved");
    setTimeout(() => saved.forEach((sign) => sign.remove()), 1000);
    if (!row || document.activeElement !== document.body) return;
    const first = document.querySelector(`#${row} :is(:checked, [data-first])`) || document.querySelector(`#${row} :is(a, button)`);
    first?.focus({ preventScroll: true });
    first?.select?.();
  });

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      button.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = button.dataset.copied;
  }

  on("click", (event) => {
    if (event.isTrusted) enter(event);
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy, button);
  });
})();
