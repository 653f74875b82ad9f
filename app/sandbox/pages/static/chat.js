// The chat in the middle: who it is with, what was said, and writing as the member.

import { memberActs } from "./acts.js";
import { kindLabel } from "./chatlist.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { loadChat, loadOlder, pressCard } from "./loads.js";
import { openCard } from "./side.js";
import { showMessages, stayAtEnd } from "./messages.js";
import { on, openRow, set, state } from "./store.js";
import { t } from "./text.js";
import { attempt, say } from "./toast.js";
import { post } from "./api.js";

const box = find("#messages");
const head = find("#talk-head");
const form = find("#composer-form");
const field = find("#composer");
const newest = find("#newest");
let shown = null;
let told = 0;

/** Begin. */
export function startChat() {
  on(["open", "chat", "chats"], drawHead);
  on(["open", "chat", "moved"], drawMessages);
  on(["open", "chat", "offers"], drawWriting);
  form.addEventListener("submit", send);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  });
  newest.addEventListener("click", () => {
    box.scrollTop = box.scrollHeight;
    newest.hidden = true;
  });
  stayAtEnd(box);
  box.addEventListener("scroll", () => {
    if (box.scrollHeight - box.scrollTop - box.clientHeight < 48) newest.hidden = true;
  });
  drawHead();
  drawMessages();
  drawWriting();
}

const BONDS = {
  both: ["badge-green", "bond_both"],
  customer_only: ["badge-demo", "bond_customer_only"],
  deleted: ["badge", "bond_deleted"],
  member_only: ["badge-red", "bond_member_only"],
  none: ["badge", "bond_none"],
  left: ["badge", "bond_left"],
  dismissed: ["badge", "bond_dismissed"],
};

function drawHead() {
  const row = openRow();
  const name = row ? row.remark || row.name : state.chat?.title || "";
  const bond = row && BONDS[row.bond === "customer_only" && row.deleted ? "deleted" : row.bond];
  const parts = [
    h("h2", { id: "talk-title", text: name || t("chat") }),
    row && kindLabel(row),
    row?.remark && h("span", { class: "talk-sub", text: row.name }),
    row?.kind === "group" && h("span", { class: "talk-sub", text: t("group_size", { n: row.members }) }),
    bond &&
      h("span", { class: `badge ${bond[0]}`, data: { hook: "bond", bond: row.bond }, text: t(bond[1]) }),
    h("span", { class: "spread" }, phoneSwitch()),
  ].filter(Boolean);
  keep(
    head,
    parts.map((element, place) => ({ element, place })),
    {
      key: ({ place, element }) => `${place}${element.tagName}`,
      version: ({ element }) => element.outerHTML,
      make: ({ element }) => element,
    },
  );
}

function phoneSwitch() {
  const flip = () => document.body.classList.toggle("phone-out");
  return h(
    "button",
    {
      type: "button",
      class: "tool small phone-switch",
      title: t("phone"),
      "aria-label": t("phone"),
      data: { part: "phone" },
      onclick: flip,
    },
    icon(ICONS.phone),
  );
}

function drawMessages() {
  if (!state.open) return keep(box, [{ key: "none" }], { key: () => "none", make: welcomeMat });
  if (!state.chat) {
    shown = null;
    return keep(box, [1, 2, 3], {
      key: (n) => `ghost${n}`,
      make: (n) =>
        h(
          "div",
          { class: n === 2 ? "message message-mine" : "message" },
          h("span", { class: "avatar small ghost" }),
          h("span", { class: "message-body" }, h("span", { class: "ghost ghost-line" })),
        ),
    });
  }
  const fresh = shown !== state.open;
  const { kind } = state.open;
  const atEnd = showMessages(box, state.chat.messages, {
    fresh,
    mine: (message) => message.from === "member" && message.who === state.me.userid,
    named: kind !== "customer",
    ontap: openCard,
    onbutton: (card, key) => attempt(() => pressCard(card, key)),
    before: state.chat.more ? earlier : null,
    instead: nothingSaid,
  });
  tellNew(fresh, atEnd);
  shown = state.open;
  return null;
}

/** Tell listeners and the reader who has scrolled up of what came since. */
function tellNew(fresh, atEnd) {
  const last = state.chat.messages[state.chat.messages.length - 1];
  if (!fresh && last && last.seq > told) {
    if (last.who !== state.me.userid) say(t("said", { name: last.name, text: last.text }));
    if (!atEnd) newest.hidden = false;
  }
  if (fresh) newest.hidden = true;
  told = last?.seq ?? 0;
}

function welcomeMat() {
  return h(
    "div",
    { class: "empty" },
    icon(ICONS.chat, { size: 52 }),
    h("b", { text: t("choose_chat") }),
    t("choose_chat_next"),
  );
}

function nothingSaid() {
  const key = state.open.kind === "notices" ? "no_notices" : "no_words";
  return h(
    "div",
    { class: "empty" },
    icon(state.open.kind === "notices" ? ICONS.bell : ICONS.chat, { size: 52 }),
    h("b", { text: t(key) }),
    t(`${key}_next`),
  );
}

function earlier() {
  return h(
    "p",
    { class: "day" },
    h("button", { type: "button", class: "chip", text: t("earlier"), onclick: () => attempt(loadOlder) }),
  );
}

function drawWriting() {
  const kind = state.open?.kind;
  const writes = kind === "customer" || kind === "group";
  form.hidden = !writes;
  if (!writes) return;
  field.placeholder = t("as_member_named", { name: state.me?.name || "" });
  const acts = kind === "customer" ? memberActs() : [];
  keep(find("#member-acts"), acts, {
    key: (one) => one.name,
    version: (one) => JSON.stringify([one.name, one.off]),
    make: (one) =>
      h(
        "button",
        {
          type: "button",
          class: one.danger ? "chip danger" : "chip",
          disabled: one.off,
          data: { hook: one.name },
          onclick: () => one.run(),
        },
        icon(ICONS[one.icon], { size: 15 }),
        t(one.name),
      ),
  });
}

async function send(event) {
  event.preventDefault();
  const text = field.value.trim();
  const { open, me } = state;
  if (!text || !open) return;
  const to = open.kind === "group" ? { chat_id: open.id } : { external_userid: open.id };
  field.value = "";
  const sent = await attempt(() => post("/talk", { from: "member", userid: me.userid, ...to, text }));
  if (!sent && !field.value) field.value = text;
  await attempt(loadChat);
  box.scrollTop = box.scrollHeight;
}
