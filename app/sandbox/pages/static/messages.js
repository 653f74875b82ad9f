// Messages as they look in a chat: bubbles, attachments, cards, lines of the system, days.

import { appAvatar, avatar } from "./avatar.js";
import { h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { state } from "./store.js";
import { clockTime, dayName, sameStretch, seconds, t } from "./text.js";

const NEAR = 48;

/**
 * Show messages in a box that scrolls. `mine` tells whose bubbles stand at the right, `named` whether
 * the others bear their names, `ontap` opens a card; `before` and `instead` make what stands before the
 * first message or in place of all. The box stays at the newest unless the reader has scrolled up;
 * tells whether it did.
 */
export function showMessages(box, messages, { mine, named, ontap, onbutton, fresh, before, instead }) {
  const atEnd = fresh || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  const bottom = box.scrollHeight - box.scrollTop;
  const firstKey = box.querySelector("[data-key^='m']")?.dataset.key;
  const shown = lines(messages);
  if (before) shown.unshift({ key: "before", made: before });
  if (!shown.length && instead) shown.push({ key: "instead", made: instead });
  keep(box, shown, {
    key: (line) => line.key,
    version: (line) => JSON.stringify([line, state.language]),
    make: (line, old) =>
      line.made ? line.made() : make(line, { mine, named, ontap, onbutton, isNew: !fresh && !old && atEnd }),
  });
  const grewAbove = firstKey && firstKey !== box.querySelector("[data-key^='m']")?.dataset.key;
  if (atEnd) box.scrollTop = box.scrollHeight;
  else if (grewAbove) box.scrollTop = box.scrollHeight - bottom;
  return atEnd;
}

/** Keep a box at its newest line when the room for it changes, as when the drawer opens. */
export function stayAtEnd(box) {
  let atEnd = true;
  box.addEventListener("scroll", () => {
    atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  });
  new ResizeObserver(() => {
    if (atEnd) box.scrollTop = box.scrollHeight;
  }).observe(box);
}

function lines(messages) {
  const found = [];
  let last = null;
  for (const message of messages) {
    if (last === null || !sameStretch(last, message.at)) {
      found.push({ key: `d${message.seq}`, day: `${dayName(message.at)} ${clockTime(message.at)}` });
    }
    last = message.at;
    found.push({ key: `m${message.seq}`, message });
  }
  return found;
}

function make(line, context) {
  if (line.day) return h("p", { class: "day", text: line.day });
  const { message } = line;
  if (message.from === "system") {
    const red = /拒收/.test(message.text) ? " told-red" : "";
    return h("p", { class: `told${red}`, text: message.text, data: { hook: "told" } });
  }
  const isMine = context.mine(message);
  const classes = [
    "message",
    message.from === "app" && "message-app",
    isMine && "message-mine",
    context.isNew && "message-fresh",
  ]
    .filter(Boolean)
    .join(" ");
  const tile = message.from === "app" ? appAvatar("small") : avatar(message.who, message.name, "small");
  return h(
    "article",
    { class: classes, data: { hook: "message", from: message.from, kind: message.kind } },
    tile,
    h(
      "div",
      { class: "message-body" },
      h("span", { class: isMine || !context.named ? "sr" : "message-name", text: message.name }),
      content(message, context),
      message.welcome_ms !== undefined && speed(message.welcome_ms),
      message.failed &&
        h(
          "span",
          { class: "badge badge-red", data: { hook: "failed" } },
          icon(ICONS.warning, { size: 13 }),
          t("not_delivered"),
        ),
    ),
  );
}

function speed(ms) {
  return h(
    "span",
    { class: "speed", data: { hook: "welcome-speed", ms: Math.round(ms) }, title: t("speed_title") },
    t("welcome_speed", { seconds: seconds(ms) }),
  );
}

function content(message, context) {
  const known = { image: picture, link, miniprogram, video: filed, file: filed, card };
  return known[message.kind]
    ? known[message.kind](message, context)
    : h("div", { class: "bubble", text: message.text });
}

function picture(message) {
  const box = attachedPicture(message);
  if (!message.picture) return box;
  const shown = h("img", { class: "attached-image", src: message.picture, alt: message.text });
  // It is not kept for ever.
  shown.addEventListener("error", () => shown.replaceWith(box));
  return shown;
}

function attachedPicture(message) {
  return h(
    "div",
    { class: "attached attached-picture" },
    icon(ICONS.image, { size: 30 }),
    h("small", { text: t("picture") }),
    h("span", { class: "sr", text: message.text }),
  );
}

function filed(message) {
  const sign = message.kind === "video" ? ICONS.video : ICONS.file;
  return h(
    "div",
    { class: "attached" },
    h("b", { text: message.title || message.text }),
    h("small", { text: t(message.kind === "video" ? "video" : "file") }),
    h("span", { class: "attached-tile" }, icon(sign, { size: 24 })),
  );
}

/** An address may be followed if it is http or https; anything else is shown and leads nowhere. */
export function webAddress(text) {
  try {
    const url = new URL(text, location.origin);
    return ["http:", "https:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function link(message) {
  const url = webAddress(message.url);
  const props = { class: "attached", data: { hook: "link" } };
  const parts = [
    h("b", { text: message.title || message.text }),
    message.desc && h("small", { text: message.desc }),
    h("span", { class: "attached-tile" }, icon(ICONS.link, { size: 24 })),
  ];
  return url
    ? h("a", { ...props, href: url.href, target: "_blank", rel: "noopener noreferrer" }, parts)
    : h("div", props, parts);
}

function miniprogram(message) {
  return h(
    "div",
    { class: "attached" },
    h("b", { text: message.title || message.text }),
    h("span", { class: "attached-tile" }, icon(ICONS.app, { size: 24 })),
    h("span", { class: "attached-foot" }, icon(ICONS.app, { size: 14 }), t("miniprogram")),
  );
}

function card(message, { ontap, onbutton }) {
  const url = message.url ? webAddress(message.url) : null;
  const rows = (message.rows || []).flatMap((row) => [
    h("span", { text: row.name }),
    h("span", { text: row.value }),
  ]);
  const buttons = message.buttons || [];
  const body = [
    h(
      "span",
      { class: "notice-source" },
      icon(ICONS.bell, { size: 15 }),
      h("span", { text: message.source || t("app_name") }),
    ),
    h("b", { class: "notice-title", text: message.title || message.text }),
    message.desc && h("span", { class: "notice-desc", text: message.desc }),
    message.quote && h("span", { class: "notice-desc", text: message.quote }),
    rows.length > 0 && h("span", { class: "notice-rows" }, rows),
    url && h("span", { class: "notice-go" }, t("card_open"), h("span", { "aria-hidden": "true", text: "›" })),
  ];
  const data = { hook: "card", part: "card" };
  const shown = url
    ? h("button", { type: "button", class: "notice-card", data, onclick: () => ontap(url) }, body)
    : h("div", { class: "notice-card", data }, body);
  if (message.answered) {
    const answered = h("button", { type: "button", class: "chip", disabled: true, text: message.answered });
    return h("div", { class: "notice-set" }, shown, h("div", { class: "acts", data: { hook: "answered" } }, answered));
  }
  if (!buttons.length) return shown;
  const pressed = buttons.map((button) =>
    h("button", {
      type: "button",
      class: "chip",
      text: button.text,
      onclick: () => onbutton(message, button.key),
    }),
  );
  return h("div", { class: "notice-set" }, shown, h("div", { class: "acts" }, pressed));
}
