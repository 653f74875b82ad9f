// The one dialog of the page: a title, fields, and two buttons. Esc and a click beside it close it.

import { find, h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { t } from "./text.js";

const dialog = find("#sheet");

dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

/**
 * Open a sheet. `body` are its parts; with `done` they stand in a form whose values, an object of
 * FormData's shape, go to `done`; the sheet closes before it runs.
 */
export function openSheet(title, body, { done = null, label = "", danger = false } = {}) {
  const opener = document.activeElement;
  const close = () => dialog.close();
  const head = h(
    "div",
    { class: "sheet-head" },
    h("h2", { id: "sheet-title", text: title }),
    h(
      "button",
      { type: "button", class: "tool small", "aria-label": t("close"), onclick: close },
      icon(ICONS.close, { size: 18 }),
    ),
  );
  const foot = h(
    "div",
    { class: "sheet-foot" },
    h("button", { type: "button", class: "plain", text: t("cancel"), onclick: close }),
    h("button", {
      type: "submit",
      class: danger ? "plain danger" : "primary",
      text: label,
      data: { hook: "sheet-done" },
    }),
  );
  const inner = done
    ? h(
        "form",
        { class: "sheet-body", autocomplete: "off", onsubmit: (event) => submit(event, done) },
        body,
        foot,
      )
    : h("div", { class: "sheet-body" }, body);
  dialog.replaceChildren(head, inner);
  dialog.onclose = () => {
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  };
  dialog.showModal();
  dialog.querySelector("[data-first]")?.focus();
}

function submit(event, done) {
  event.preventDefault();
  const values = new FormData(event.target);
  dialog.close();
  done(values);
}

/** A labelled text field. */
export function textField(name, label, value, props = {}) {
  return h(
    "label",
    { class: "field" },
    h("span", { text: label }),
    h("input", { class: "input", name, value, data: { first: "" }, ...props }),
  );
}

/** A labelled choice out of `options`: [value, text] each. */
export function choiceField(name, label, options, chosen) {
  const rows = options.map(([value, text]) => h("option", { value, text, selected: value === chosen }));
  return h(
    "label",
    { class: "field" },
    h("span", { text: label }),
    h("select", { class: "input", name }, rows),
  );
}

/** Options that lie open: radio buttons, or check boxes for more than one. */
export function openField(name, label, options, chosen, type = "radio") {
  const rows = options.map(([value, text]) =>
    h(
      "label",
      { class: "option" },
      h("input", { type, name, value, checked: chosen.includes(value) }),
      h("span", { text }),
    ),
  );
  return h(
    "fieldset",
    { class: "field" },
    h("legend", { text: label }),
    h("div", { class: "options" }, rows),
  );
}
