// Keys of the page, and the tabs that stand at the foot of a narrow one.

import { focusSearch } from "./chatlist.js";
import { find, h, icon, keep } from "./dom.js";
import { flip } from "./drawer.js";
import { ICONS } from "./icons.js";
import { scanSheet } from "./scan.js";
import { on, set, state } from "./store.js";
import { t } from "./text.js";
import { showHelp } from "./topbar.js";

const TABS = [
  ["chats", "list", "chats"],
  ["chat", "chat", "chat"],
  ["sidebar", "panel", "sidebar"],
  ["phone", "phone", "phone_short"],
  ["log", "log", "log"],
];

/** Begin. */
export function startKeys() {
  document.addEventListener("keydown", press);
  on(["tab", "chats"], drawTabs);
  drawTabs();
}

const flipPhone = () => document.body.classList.toggle("phone-out");
const ACTS = { "/": focusSearch, "?": showHelp, n: () => scanSheet(), l: () => flip(), p: flipPhone };

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || find("#sheet").open) return;
  if (event.key === "Escape") {
    document.body.classList.remove("phone-out");
    return;
  }
  if (event.target.closest("input, textarea, select")) return;
  const run = ACTS[event.key.toLowerCase()];
  if (!run) return;
  event.preventDefault();
  run();
}

function drawTabs() {
  const tab = state.tab || "chats";
  document.body.dataset.tab = tab;
  const unread = (state.chats || []).reduce((sum, row) => sum + row.unread, 0);
  keep(find("#tabs"), TABS, {
    key: ([name]) => name,
    version: ([name]) => JSON.stringify([name === tab, name === "chats" && unread]),
    make: ([name, sign, key]) =>
      h(
        "button",
        {
          type: "button",
          "aria-current": String(name === tab),
          data: { hook: `go-${name}` },
          onclick: () => go(name),
        },
        icon(ICONS[sign], { size: 21 }),
        t(key),
        name === "chats" &&
          unread > 0 &&
          h("span", { class: "unread", "aria-hidden": "true", text: unread > 99 ? "99+" : unread }),
      ),
  });
}

function go(tab) {
  set({ tab });
}
