// Words, times and figures in the reader's language.

import { plain } from "./dom.js";
import { state } from "./store.js";
import { WORDS } from "./words.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** The text of a key, with `{places}` filled in. */
export function t(key, values = {}) {
  const pair = WORDS[key];
  if (!pair) throw new Error(`no words for ${key}`);
  return pair[state.language === "en" ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => plain(values[name] ?? ""));
}

/** Whichever of two texts of the server is in the reader's language. */
export function either(zh, en) {
  return state.language === "en" && en ? en : zh;
}

/** Fill in the template: `data-t` is the text, `data-t-label` and the like an attribute. */
export function fillWords(root = document) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  const attributes = { tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder" };
  for (const [name, attribute] of Object.entries(attributes)) {
    const selector = `[data-t-${name.slice(1).toLowerCase()}]`;
    for (const element of root.querySelectorAll(selector))
      element.setAttribute(attribute, t(element.dataset[name]));
  }
}

// The corp's own time, in which the server's pages speak too.
const timeZone = "Asia/Shanghai";

function format(options) {
  return new Intl.DateTimeFormat(state.language === "en" ? "en-US" : "zh-CN", { ...options, timeZone });
}

/** The sandbox's time now, in unix seconds. */
export function now() {
  return Date.now() / 1000 + state.offset;
}

const dayOf = (at) => format({ year: "numeric", month: "numeric", day: "numeric" }).format(at * 1000);

/** "09:41" */
export function clockTime(at, seconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return format(seconds ? { ...options, second: "2-digit" } : options).format(at * 1000);
}

/** "11月21日" */
export function monthDay(at) {
  return format({ month: "short", day: "numeric" }).format(at * 1000);
}

/** A day as a chat says it: today, yesterday, or the date. */
export function dayName(at) {
  if (dayOf(at) === dayOf(now())) return t("today");
  return dayOf(at) === dayOf(now() - DAY) ? t("yesterday") : monthDay(at);
}

/** When a chat was last written in: the time if today, else the day. */
export function listTime(at) {
  if (!at) return "";
  return dayOf(at) === dayOf(now()) ? clockTime(at) : dayName(at);
}

/** Tell whether two times lie so close that one line says both. */
export function sameStretch(one, other) {
  return dayOf(one) === dayOf(other) && other - one < 10 * MINUTE;
}

/** "82 ms", "1.2 s" */
export function duration(ms) {
  if (ms === null || ms === undefined) return "";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** "0.08" seconds, for the welcome that one waits for. */
export function seconds(ms) {
  return (ms / 1000).toFixed(ms < 10000 ? 2 : 1);
}

/** How far the clock was moved: "2 天", "3 小时"; nothing below a minute. */
export function ahead(offset) {
  const size = Math.abs(offset);
  if (size < MINUTE) return "";
  if (size >= DAY) return t("days", { n: Math.round((size / DAY) * 10) / 10 });
  return size >= HOUR
    ? t("hours", { n: Math.round((size / HOUR) * 10) / 10 })
    : t("minutes", { n: Math.round(size / MINUTE) });
}
