// The drawer at the bottom: its tabs, which are one toolbar for keys, and its open and closed state.

import { callPane, sdkPane } from "./calls.js";
import { eventPane } from "./events.js";
import { sentence } from "./outcomes.js";
import { faultPane } from "./faults.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { KEPT, on, set, state } from "./store.js";
import { t } from "./text.js";

const drawer = find(".drawer");
const bar = find("#drawer-bar");
const body = find("#drawer-body");
const PANES = { events: eventPane, sdk: sdkPane, calls: callPane, faults: faultPane };
const panes = {};

/** Begin. */
export function startDrawer() {
  const tabs = h("div", {
    class: "drawer-tabs",
    role: "tablist",
    "aria-label": t("behind"),
    onkeydown: keys,
  });
  const latest = h("span", { class: "drawer-latest", data: { hook: "latest" } });
  const toggle = h("button", { type: "button", class: "tool small drawer-toggle", onclick: () => flip() });
  bar.append(tabs, latest, toggle);
  for (const [name, build] of Object.entries(PANES)) {
    panes[name] = h("div", {
      class: "pane",
      role: "tabpanel",
      id: `pane-${name}`,
      "aria-labelledby": `tab-${name}`,
    });
    build(panes[name]);
    body.append(panes[name]);
  }
  on(["drawer", "rows", "faults", "chats", "phones"], draw);
  draw();
}

/** Open the drawer, or close it; with a name, at that tab. */
export function flip(tab = null) {
  const { drawer: now } = state;
  set({ drawer: tab ? { open: true, tab } : { ...now, open: !now.open } });
}

function draw() {
  const { open, tab } = state.drawer;
  drawer.classList.toggle("drawer-open", open);
  const [tabs, latest, toggle] = bar.children;
  const on = state.faults.filter((fault) => fault.on).length;
  const counts = {
    events: state.rows.event.length,
    sdk: state.rows.sdk.length,
    calls: state.rows.call.length,
    faults: on,
  };
  keep(tabs, Object.keys(PANES), {
    key: (name) => name,
    version: (name) => JSON.stringify([name === tab, counts[name], open]),
    make: (name) => tabButton(name, counts[name]),
  });
  for (const [name, pane] of Object.entries(panes)) pane.hidden = name !== tab;
  const newest = state.rows.event.at(-1);
  latest.textContent = !open && newest ? sentence(newest) : "";
  toggle.replaceChildren(icon(open ? ICONS.down : ICONS.up, { size: 18 }));
  toggle.setAttribute("aria-label", t(open ? "drawer_close" : "drawer_open"));
  toggle.setAttribute("aria-expanded", String(open));
}

function tabButton(name, count) {
  const chosen = state.drawer.tab === name;
  return h(
    "button",
    {
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      class: "drawer-tab",
      "aria-selected": String(chosen),
      "aria-controls": `pane-${name}`,
      tabindex: chosen ? "0" : "-1",
      data: { hook: `tab-${name}`, part: name },
      onclick: () => (state.drawer.open && chosen ? flip() : flip(name)),
    },
    h("span", { class: "long", text: t(`tab_${name}`) }),
    h("span", { class: "short", text: t(`tab_${name}_short`) }),
    count > 0 &&
      h("span", {
        class: name === "faults" ? "badge badge-demo" : "badge",
        text: count < KEPT ? count : `${KEPT}+`,
      }),
  );
}

function keys(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const names = Object.keys(PANES);
  const name = names[(names.indexOf(state.drawer.tab) + step + names.length) % names.length];
  set({ drawer: { ...state.drawer, tab: name } });
  find(`#tab-${name}`).focus();
}
