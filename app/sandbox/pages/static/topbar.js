// The top bar: the sandbox's clock, language, theme, help, and who plays.

import { avatar } from "./avatar.js";
import { post } from "./api.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { become, openNewest, takeClock } from "./loads.js";
import { openSheet } from "./sheet.js";
import { on, set, state } from "./store.js";
import { ahead, clockTime, monthDay, now, t } from "./text.js";
import { attempt, toast } from "./toast.js";

const HOUR = 3600;
const DAY = 86400;
let face = null;
let moved = null;

/** Begin. */
export function startTopBar() {
  startClock();
  find("#language").textContent = t("other_language");
  find("#language").addEventListener("click", () => attempt(otherLanguage));
  find("#theme").addEventListener("click", () => attempt(otherTheme));
  find("#help").addEventListener("click", showHelp);
  find("#member").addEventListener("change", (event) => attempt(() => becomeMember(event.target.value)));
  on(["me", "members"], drawMe);
  on("theme", drawTheme);
  drawTheme();
  drawMe();
}

function startClock() {
  face = h("output", { data: { hook: "time" } });
  // It goes forward only: events of a day that is still to come would stand in a wrong order.
  moved = h("span", { class: "badge badge-demo", data: { hook: "clock-moved" } });
  const step = (seconds, key) =>
    h("button", {
      type: "button",
      class: "tool small",
      text: t(key),
      data: { hook: key },
      onclick: () => attempt(() => moveClock(seconds)),
    });
  find("#clock").append(face, moved, step(HOUR, "plus_hour"), step(DAY, "plus_day"));
  on("moved", drawClock);
  setInterval(drawClock, 1000);
  drawClock();
}

function drawClock() {
  const text = `${monthDay(now())} ${clockTime(now())}`;
  if (face.textContent !== text) face.textContent = text;
  const lead = ahead(state.moved);
  moved.hidden = !lead;
  const said = lead && t(state.moved < 0 ? "clock_back" : "clock_ahead", { time: lead });
  if (moved.textContent !== said) moved.textContent = said;
}

async function moveClock(seconds) {
  takeClock(await post("/clock", { move: seconds }));
  toast(t("clock_moved", { time: `${monthDay(now())} ${clockTime(now())}` }));
}

async function otherLanguage() {
  await post("/me", { language: state.language === "en" ? "zh" : "en" });
  location.reload();
}

async function otherTheme() {
  const theme = state.theme === "dark" ? "light" : "dark";
  await post("/me", { theme });
  document.documentElement.dataset.theme = theme;
  set({ theme });
}

function drawTheme() {
  const button = find("#theme");
  const dark = state.theme === "dark";
  button.replaceChildren(icon(dark ? ICONS.sun : ICONS.moon));
  button.setAttribute("aria-label", t(dark ? "to_light" : "to_dark"));
  button.title = t(dark ? "to_light" : "to_dark");
}

async function becomeMember(userid) {
  await become(userid);
  await openNewest();
  toast(t("did_become", { name: state.me.name }));
}

const office = (member) => [member.department, member.position].filter(Boolean).join(" · ");

function drawMe() {
  const { me, members } = state;
  find("#me-name").textContent = me?.name || "";
  find("#me-office").textContent = me ? office(me) : "";
  find("#me-avatar").replaceChildren(
    me ? avatar(me.userid, me.name, "small") : h("span", { class: "avatar small ghost" }),
  );
  const select = find("#member");
  keep(select, members, {
    key: (member) => member.userid,
    make: (member) =>
      h("option", {
        value: member.userid,
        text: [member.name, office(member)].filter(Boolean).join("（") + (office(member) ? "）" : ""),
      }),
  });
  if (me) select.value = me.userid;
}

const SHORTCUTS = [
  ["/", "key_search"],
  ["↑ ↓ Enter", "key_list"],
  ["N", "key_scan"],
  ["L", "key_log"],
  ["P", "key_phone"],
  ["Enter", "key_send"],
  ["Esc", "key_close"],
  ["?", "key_help"],
];

/** The list of keys, and a word on what this page is. */
export function showHelp() {
  const rows = SHORTCUTS.flatMap(([key, text]) => [
    h(
      "dt",
      {},
      key.split(" ").flatMap((one) => [h("kbd", { text: one }), " "]),
    ),
    h("dd", { text: t(text) }),
  ]);
  openSheet(t("help"), [
    h("p", { class: "sheet-lead", text: t("help_lead") }),
    h("p", { class: "sheet-lead", text: t("help_language") }),
    h("dl", { class: "shortcuts" }, rows),
  ]);
}
