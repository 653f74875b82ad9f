// Faults that one can switch on: a card each in the drawer, and a strip while any of them is on.

import { act, part, post, remove } from "./api.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { loadFaults } from "./loads.js";
import { on, state } from "./store.js";
import { either, t } from "./text.js";
import { attempt, toast } from "./toast.js";

const ASK_MS = 2000;
const STORM = 50;
let cards = null;
let asking = 0;

/** Build the pane, and keep the strip. */
export function faultPane(pane) {
  cards = h("div", { class: "faults" });
  const storm = h(
    "button",
    { type: "button", class: "chip", data: { hook: "storm" }, onclick: scanAll },
    icon(ICONS.scan, { size: 15 }),
    t("storm", { n: STORM }),
  );
  pane.append(
    h(
      "div",
      { class: "pane-tools" },
      h("span", { text: t("faults_lead") }),
      h("span", { class: "strip-space" }),
      storm,
    ),
    h(
      "div",
      {
        class: "pane-scroll",
        tabindex: "0",
        role: "region",
        "aria-label": t("tab_faults"),
        data: { hook: "faults" },
      },
      cards,
    ),
  );
  on("faults", draw);
  draw();
}

function draw() {
  keep(cards, state.faults, {
    key: (fault) => fault.name,
    version: (fault) => JSON.stringify({ ...fault, ends_in: null }),
    make: card,
  });
  drawStrip();
  // Some end by themselves, which no row of the ledger may tell.
  clearTimeout(asking);
  if (state.faults.some((fault) => fault.on))
    asking = setTimeout(() => loadFaults().catch(() => undefined), ASK_MS);
}

const title = (fault) => either(fault.title, fault.title_en);

function card(fault) {
  const id = `fault-${fault.name}`;
  const button = h("button", {
    type: "button",
    role: "switch",
    class: "switch",
    "aria-checked": String(fault.on),
    "aria-labelledby": id,
    "aria-describedby": `${id}-effect`,
    disabled: fault.available === false,
    data: { hook: "fault", name: fault.name },
    onclick: () => turn(fault, !fault.on),
  });
  const said =
    fault.available === false ? either(fault.reason, fault.reason_en) : either(fault.effect, fault.effect_en);
  return h(
    "div",
    { class: fault.on ? "fault fault-on" : "fault" },
    h("h3", { id, text: title(fault) }),
    button,
    h("p", { id: `${id}-effect`, text: said }),
  );
}

async function turn(fault, onward) {
  const answer = await attempt(() => post(`/faults/named/${part(fault.name)}`, { on: onward }));
  if (answer) toast(t(onward ? "fault_began" : "fault_ended", { title: title(fault) }));
  await attempt(loadFaults);
}

async function scanAll() {
  const channel = state.offers.channels.find((one) => one.state)?.state || "";
  const answer = await attempt(() =>
    act("customers_scan", { count: STORM, userid: state.me.userid, state: channel }),
  );
  if (answer) toast(t("did_storm", { n: STORM, member: state.me.name }));
}

function drawStrip() {
  const active = state.faults.filter((fault) => fault.on);
  keep(find("#strip-faults"), active.length ? [active] : [], {
    key: () => "faults",
    version: () => JSON.stringify(active.map((fault) => fault.name)),
    make: () => strip(active),
  });
}

function strip(active) {
  const rows = active.map((fault) =>
    h(
      "button",
      {
        type: "button",
        class: "plain",
        data: { hook: "restore", name: fault.name },
        onclick: () => turn(fault, false),
      },
      t("restore_one", { title: title(fault) }),
    ),
  );
  const all = h("button", {
    type: "button",
    class: "plain",
    data: { hook: "restore-all" },
    text: t("restore_all"),
    onclick: endAll,
  });
  return h(
    "div",
    { class: "strip strip-fault", role: "status", data: { hook: "fault-strip" } },
    icon(ICONS.warning, { size: 17 }),
    h("b", { text: t("faults_on") }),
    active.map((fault) => h("span", { text: either(fault.effect, fault.effect_en) })).slice(0, 1),
    h("span", { class: "strip-space" }),
    rows,
    active.length > 1 && all,
  );
}

async function endAll() {
  await attempt(() => remove("/faults"));
  await attempt(loadFaults);
}
