// Short messages at the top of the stage, and words for screen readers alone.

import { find, h } from "./dom.js";
import { Gone } from "./api.js";

const SECONDS = 4;
const MOST = 2;

/** Tell something for a few seconds. */
export function toast(text, { bad = false } = {}) {
  const box = find("#toasts");
  const shown = h("p", { class: bad ? "toast toast-bad" : "toast", text, data: { hook: "toast" } });
  box.append(shown);
  while (box.children.length > MOST) box.firstElementChild.remove();
  setTimeout(() => shown.remove(), (bad ? 2 : 1) * SECONDS * 1000);
}

/** Say a line to those who listen, such as a message that came. */
export function say(text) {
  const box = find("#spoken");
  box.append(h("p", { text }));
  while (box.children.length > MOST) box.firstElementChild.remove();
}

/** Run what a person asked for; a refusal becomes a toast. The strip tells of a sandbox gone. */
export async function attempt(work) {
  try {
    return await work();
  } catch (problem) {
    if (!(problem instanceof Gone)) toast(problem.message, { bad: true });
    return null;
  }
}
