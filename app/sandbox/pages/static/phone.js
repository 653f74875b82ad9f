// The customer's phone: his chat with the member, what he writes, and what he can do.

import { post } from "./api.js";
import { customerActs } from "./acts.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { holdPhone, loadPhone } from "./loads.js";
import { showMessages, stayAtEnd } from "./messages.js";
import { scanSheet } from "./scan.js";
import { on, state } from "./store.js";
import { clockTime, now, t } from "./text.js";
import { attempt, say } from "./toast.js";

const device = find("#phone");
let parts = null;
let shown = null;
let told = 0;

/** Begin. */
export function startPhone() {
  find("#phone-close").append(icon(ICONS.close, { size: 16 }));
  find("#phone-close").addEventListener("click", () => document.body.classList.remove("phone-out"));
  parts = build();
  device.append(...Object.values(parts));
  on(["phone", "screen", "members", "rows", "phones", "moved", "me"], draw);
  stayAtEnd(parts.screen);
  setInterval(drawTime, 1000);
  draw();
}

function build() {
  const clock = h("span", { data: { hook: "phone-time" } });
  const signs = h(
    "span",
    { class: "phone-signs", "aria-hidden": "true" },
    [1, 2, 3, 4, 5].map(() => h("i")),
  );
  const field = h("input", {
    name: "text",
    maxlength: "1000",
    autocomplete: "off",
    "aria-label": t("as_customer"),
    placeholder: t("as_customer"),
    data: { hook: "composer-customer" },
  });
  return {
    status: h("div", { class: "phone-status" }, clock, signs),
    bar: h("div", { class: "phone-bar" }),
    friends: h("div", { class: "phone-friends", role: "group", "aria-label": t("phone_friends") }),
    screen: h("div", {
      class: "phone-screen",
      tabindex: "0",
      role: "group",
      "aria-label": t("phone_messages"),
      data: { hook: "phone-screen" },
    }),
    acts: h("div", { class: "phone-acts", role: "group", "aria-label": t("customer_acts") }),
    write: h(
      "form",
      { class: "phone-write", autocomplete: "off", onsubmit: send },
      field,
      h("button", { type: "submit", text: t("send") }),
    ),
  };
}

function drawTime() {
  const text = clockTime(now());
  const clock = parts.status.firstElementChild;
  if (clock.textContent !== text) clock.textContent = text;
}

function draw() {
  drawTime();
  const { screen, phone } = state;
  for (const name of ["friends", "acts", "write"]) parts[name].hidden = !screen;
  drawBar(screen);
  if (!screen) {
    shown = null;
    const items = phone ? [] : [{ key: "none" }];
    keep(parts.screen, items, { key: () => "none", make: nobody });
    return;
  }
  drawFriends(screen);
  drawActs(screen);
  parts.write.hidden = !screen.friend;
  drawMessages(screen);
}

function drawBar(screen) {
  const items = screen ? [screen] : [];
  keep(parts.bar, items, {
    key: () => "bar",
    version: ({ title, customer, of }) => JSON.stringify([title, customer, of]),
    make: ({ title, customer }) =>
      h(
        "div",
        { class: "phone-bar-in" },
        h("b", {}, title, " ", h("span", { class: "from-corp", text: `@${state.offers.corp_name || ""}` })),
        h("small", { text: t("phone_of", { name: customer.name }), data: { hook: "phone-of" } }),
      ),
  });
  parts.bar.hidden = !screen;
}

function drawFriends({ friends, customer, of }) {
  parts.friends.hidden = friends.length < 2;
  keep(parts.friends, friends, {
    key: (one) => one.userid,
    version: (one) => JSON.stringify([one.name, one.userid === of.userid]),
    make: (one) =>
      h("button", {
        type: "button",
        text: one.name,
        "aria-pressed": String(one.userid === of.userid),
        onclick: () => attempt(() => holdPhone(customer.external_userid, one.userid)),
      }),
  });
}

function drawActs(screen) {
  keep(parts.acts, customerActs(screen), {
    key: (one) => one.name,
    version: (one) => JSON.stringify([one.off, screen.of, screen.customer.name]),
    make: (one) =>
      h(
        "button",
        {
          type: "button",
          class: one.danger ? "danger" : "",
          disabled: one.off,
          hidden: one.off,
          data: { hook: one.name },
          onclick: () => one.run(),
        },
        icon(ICONS[one.icon], { size: 14 }),
        t(one.name),
      ),
  });
}

function drawMessages(screen) {
  const { customer, messages, of, friend } = screen;
  const fresh = !shown || shown.external_userid !== of.external_userid || shown.userid !== of.userid;
  const closing = friend
    ? []
    : [{ seq: "gone", at: messages.at(-1)?.at ?? now(), from: "system", text: t("phone_gone") }];
  showMessages(parts.screen, [...messages, ...closing], {
    fresh,
    mine: (message) => message.from === "customer",
    ontap: (url) => window.open(url.href, "_blank", "noopener"),
    instead: waiting,
  });
  const last = messages.at(-1);
  if (!fresh && last && last.seq > told && last.from === "member")
    say(t("phone_got", { name: customer.name, text: last.text }));
  told = last?.seq ?? 0;
  shown = of;
}

function waiting() {
  return h("p", { class: "day", text: t("phone_waiting") });
}

function nobody() {
  const recent = state.phones
    .slice(0, 4)
    .map((one) => h("button", { type: "button", class: "chip", text: one.name, onclick: () => take(one) }));
  return h(
    "div",
    { class: "empty" },
    icon(ICONS.phone, { size: 48 }),
    h("b", { text: t("phone_none") }),
    t("phone_none_next"),
    h(
      "button",
      { type: "button", class: "primary", onclick: () => scanSheet() },
      icon(ICONS.scan),
      t("scan_new"),
    ),
    recent.length > 0 && h("div", { class: "acts phone-recent" }, recent),
  );
}

/** Take somebody's phone; the friend is the one who plays, or the first he has. */
async function take({ external_userid }) {
  await attempt(() => holdPhone(external_userid, state.me.userid));
  const friends = state.screen?.friends || [];
  if (friends.length && !friends.some((one) => one.userid === state.me.userid)) {
    await attempt(() => holdPhone(external_userid, friends[0].userid));
  }
}

async function send(event) {
  event.preventDefault();
  const field = event.target.elements.text;
  const text = field.value.trim();
  if (!text || !state.screen) return;
  field.value = "";
  const { userid, external_userid } = state.screen.of;
  const sent = await attempt(() => post("/talk", { from: "customer", userid, external_userid, text }));
  if (!sent && !field.value) field.value = text;
  await attempt(loadPhone);
  parts.screen.scrollTop = parts.screen.scrollHeight;
}
