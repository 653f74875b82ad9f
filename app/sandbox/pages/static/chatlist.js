// The list of chats at the left: search, newest first, unread marks, keys.

import { rowAvatar } from "./avatar.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { openChat } from "./loads.js";
import { stepIn } from "./place.js";
import { scanSheet } from "./scan.js";
import { on, set, state } from "./store.js";
import { listTime, t } from "./text.js";
import { attempt } from "./toast.js";

const list = find("#chat-list");
const search = find("#search");

/** Begin. */
export function startChatList() {
  find("#search-icon").append(icon(ICONS.search, { size: 16 }));
  find("#scan").append(icon(ICONS.scan), h("span", { text: t("scan_new") }));
  find("#scan").addEventListener("click", () => scanSheet());
  search.addEventListener("input", draw);
  search.addEventListener("keydown", searchKeys);
  list.addEventListener("keydown", listKeys);
  on(["chats", "open", "moved"], draw);
  draw();
}

/** Put the cursor into the search box. */
export function focusSearch() {
  set({ tab: "chats" });
  search.focus();
  search.select();
}

function wanted() {
  const text = search.value.trim().toLowerCase();
  const rows = state.chats.filter((row) =>
    `${row.remark} ${row.name} ${row.corp_name}`.toLowerCase().includes(text),
  );
  // The app's notices stay on top, as a pinned chat does.
  return [...rows.filter((row) => row.kind === "notices"), ...rows.filter((row) => row.kind !== "notices")];
}

function draw() {
  if (!state.chats) {
    keep(list, [1, 2, 3, 4, 5, 6], { key: (n) => `ghost${n}`, make: ghost });
    return;
  }
  const rows = wanted();
  const none = rows.some((row) => row.kind !== "notices") ? [] : [{ none: whyNone() }];
  keep(list, [...rows, ...none], {
    key: (row) => (row.none ? "none" : `${row.kind}/${row.id}`),
    version: (row) => JSON.stringify([row, isOpen(row), listTime(row.at), row.none && state.me?.name]),
    make: (row) =>
      row.none
        ? h(
            "li",
            { class: "empty" },
            h("b", { text: t(row.none, { name: state.me?.name || "" }) }),
            t(`${row.none}_next`),
          )
        : item(row),
  });
}

function whyNone() {
  if (search.value.trim()) return "none_found";
  return state.me?.has_external === false ? "none_allowed" : "none_yet";
}

function ghost() {
  return h(
    "li",
    { class: "chat-row" },
    h("span", { class: "avatar ghost" }),
    h("span", { class: "chat-main" }, h("span", { class: "ghost" })),
  );
}

const isOpen = (row) => Boolean(state.open) && row.kind === state.open.kind && row.id === state.open.id;

function item(row) {
  const left = row.kind === "customer" && row.bond !== "both" ? " chat-left" : "";
  const button = h(
    "button",
    {
      type: "button",
      class: `chat-row${left}`,
      "aria-current": isOpen(row) ? "true" : "false",
      data: { hook: "chat", kind: row.kind, id: row.id },
      onclick: () => choose(row),
    },
    h("span", { class: "avatar-holder" }, rowAvatar(row), row.unread > 0 && unread(row.unread)),
    h(
      "span",
      { class: "chat-main" },
      h(
        "span",
        { class: "chat-line" },
        h("span", { class: "chat-name", text: row.remark || row.name }),
        kindLabel(row),
        h("span", { class: "chat-time", text: listTime(row.at) }),
      ),
      h("span", { class: "chat-line" }, h("span", { class: "chat-last", text: lastLine(row) })),
    ),
  );
  return h("li", { class: row.kind === "notices" ? "pinned" : "" }, button);
}

function unread(count) {
  return h(
    "span",
    { class: "unread", data: { hook: "unread" } },
    h("span", { "aria-hidden": "true", text: count > 99 ? "99+" : count }),
    h("span", { class: "sr", text: t("unread", { n: count }) }),
  );
}

/** 「@微信」, or the company of a WeCom user. */
export function kindLabel(row) {
  if (row.kind !== "customer") return null;
  return row.type === 1
    ? h("span", { class: "from-wechat", text: t("at_wechat") })
    : h("span", { class: "from-wecom", text: `@${row.corp_name || t("wecom")}` });
}

function lastLine(row) {
  if (row.last) return row.last.text;
  if (row.kind === "notices") return t("no_notices");
  return row.kind === "group" ? t("group_size", { n: row.members }) : t("no_words");
}

async function choose(row) {
  stepIn();
  set({ tab: "chat" });
  await attempt(() => openChat(row.kind, row.id));
}

function searchKeys(event) {
  const rows = list.querySelectorAll("[data-hook='chat']");
  if (event.key === "ArrowDown") {
    event.preventDefault();
    rows[0]?.focus();
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    (search.value.trim() && rows.length > 1
      ? rows[rows[0].dataset.kind === "notices" ? 1 : 0]
      : rows[0]
    )?.click();
  } else if (event.key === "Escape" && search.value) {
    search.value = "";
    draw();
  }
}

function listKeys(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (!(event.key in steps) && event.key !== "Home" && event.key !== "End") return;
  event.preventDefault();
  const rows = [...list.querySelectorAll("[data-hook='chat']")];
  const here = rows.indexOf(document.activeElement);
  if (event.key === "ArrowUp" && here === 0) return search.focus();
  const to = { Home: 0, End: rows.length - 1 }[event.key] ?? here + steps[event.key];
  return rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
}
