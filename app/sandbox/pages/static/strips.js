// Strips above the desk: the sandbox that is gone, and three steps for the first visit.

import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { openChat } from "./loads.js";
import { scanSheet } from "./scan.js";
import { on, set, state } from "./store.js";
import { t } from "./text.js";
import { attempt } from "./toast.js";

const DISMISSED = "banke-sandbox-tour";
const STEPS = "banke-sandbox-steps";
const holder = find("#strips");
let dismissed = read("localStorage", DISMISSED) === "1";

/** Begin. */
export function startStrips() {
  const names = ["gone", "preparing", "seat", "faults", "tour"];
  holder.append(...names.map((name) => h("div", { id: `strip-${name}` })));
  const known = read("sessionStorage", STEPS);
  if (known) set({ steps: { ...state.steps, ...JSON.parse(known) } });
  on("gone", drawGone);
  on("preparing", drawPreparing);
  on("steps", drawTour);
  drawTour();
}

function read(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}

function write(storage, name, value) {
  try {
    window[storage].setItem(name, value);
  } catch {
    // Without storage the steps are shown again next time, which does no harm.
  }
}

function drawGone() {
  keep(find("#strip-gone"), state.gone ? [1] : [], { key: () => "gone", make: gone });
}

function gone() {
  return h(
    "div",
    { class: "strip strip-gone", role: "alert", data: { hook: "gone" } },
    icon(ICONS.warning, { size: 17 }),
    h("b", { text: t("gone") }),
    h("span", { text: t("gone_next", { command: command() }) }),
  );
}

/** What started this sandbox, as one types it. */
const command = () => (location.port === "8000" ? "make demo" : `make demo PORT=${location.port}`);

function drawPreparing() {
  keep(find("#strip-preparing"), state.preparing ? [1] : [], {
    key: () => "preparing",
    make: () =>
      h(
        "div",
        { class: "strip strip-tour", role: "status", data: { hook: "preparing" } },
        icon(ICONS.again, { size: 17 }),
        h("b", { text: t("preparing") }),
        h("span", { text: t("preparing_next") }),
      ),
  });
}

function drawTour() {
  const { steps } = state;
  write("sessionStorage", STEPS, JSON.stringify(steps));
  keep(find("#strip-tour"), dismissed ? [] : [steps], { key: () => "tour", make: tour });
}

function tour(steps) {
  const rows = [
    ["scanned", "step_scan", () => scanSheet()],
    ["seen", "step_see", () => see()],
    ["left", "step_leave", () => leave()],
  ];
  const all = steps.scanned && steps.seen && steps.left;
  const close = h(
    "button",
    {
      type: "button",
      class: "tool small",
      "aria-label": t("tour_close"),
      title: t("tour_close"),
      data: { part: "close" },
      onclick: dismiss,
    },
    icon(ICONS.close, { size: 15 }),
  );
  return h(
    "div",
    { class: "strip strip-tour", data: { hook: "tour" } },
    h(
      "ol",
      { class: "steps", "aria-label": t("tour") },
      rows.map(([name, key, run], place) => step(steps[name], { name, key, run, place })),
    ),
    all && h("b", { text: t("tour_done"), class: "tour-done" }),
    h("span", { class: "strip-space" }),
    close,
  );
}

function step(done, { name, key, run, place }) {
  const mark = h(
    "span",
    { class: "step-mark", "aria-hidden": "true" },
    done ? icon(ICONS.check, { size: 13 }) : String(place + 1),
  );
  return h(
    "li",
    { class: done ? "step step-done" : "step", data: { hook: `step-${name}`, done: String(Boolean(done)) } },
    mark,
    done
      ? h("span", {}, t(key), h("span", { class: "sr", text: t("step_done") }))
      : h("button", { type: "button", class: "step-go", data: { part: name }, text: t(key), onclick: run }),
  );
}

/** Open the newest customer, whose welcome and sidebar are to be seen. */
function see() {
  const row = state.chats?.find((one) => one.kind === "customer");
  set({ tab: "sidebar" });
  if (row && state.open?.kind !== "customer") attempt(() => openChat("customer", row.id));
}

/** Show the notices if there are any, else the button on the phone that brings one. */
function leave() {
  set({ tab: "phone" });
  document.body.classList.add("phone-out");
  const button = document.querySelector("[data-hook='act_delete_member']:not([hidden])");
  if (button) button.focus();
  else see();
}

function dismiss() {
  dismissed = true;
  write("localStorage", DISMISSED, "1");
  drawTour();
}
