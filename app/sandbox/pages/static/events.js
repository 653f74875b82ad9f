// The log of callbacks: what WeCom told the server, how it was answered, and what came of it.

import { get } from "./api.js";
import { copy, find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { openChat } from "./loads.js";
import { called, came, outcomes, silentIn, who, wire } from "./outcomes.js";
import { KEPT, on, set, state } from "./store.js";
import { clockTime, duration, t } from "./text.js";
import { attempt, toast } from "./toast.js";

const ENDS = {
  acked: "badge-green",
  waiting: "badge",
  given_up: "badge-red",
  lost: "badge-red",
  unsent: "badge",
};
const opened = new Map();
let list = null;
let filter = "";
let looking = 0;

/** Build the pane. */
export function eventPane(pane) {
  const input = h("input", {
    class: "input",
    type: "search",
    placeholder: t("filter"),
    "aria-label": t("filter"),
    data: { hook: "event-filter" },
    oninput: (event) => refilter(event.target.value),
  });
  list = h("div", {
    class: "pane-scroll",
    tabindex: "0",
    role: "region",
    "aria-label": t("tab_events"),
    data: { hook: "events" },
  });
  const lead = h("span", { text: t("events_lead") });
  pane.append(h("div", { class: "pane-tools" }, input, lead, newestOnly("event")), list);
  on(["rows", "members", "chats", "phones"], draw);
  draw();
}

function refilter(text) {
  filter = text.trim().toLowerCase();
  draw();
}

/** A mark that shows while a log holds its newest rows only. */
export function newestOnly(kind) {
  const mark = h("span", { class: "badge", text: t("newest_only", { n: KEPT }), hidden: true });
  on("rows", () => {
    mark.hidden = state.rows[kind].length < KEPT;
  });
  return mark;
}

/** Some rows have something to say only when nothing has come of them for a while. */
function lookLater() {
  clearTimeout(looking);
  const waits = state.rows.event.map(silentIn).filter((ms) => ms > 0);
  if (waits.length) looking = setTimeout(draw, Math.min(...waits));
}

function draw() {
  lookLater();
  find(".drawer").classList.toggle("drawer-tall", opened.size > 0);
  const events = [...state.rows.event]
    .reverse()
    .filter(
      (row) =>
        !filter || [called(row), wire(row), ...who(row), row.userid].join(" ").toLowerCase().includes(filter),
    );
  const empty = events.length ? [] : [{ seq: "none" }];
  keep(list, [...events, ...empty], {
    key: (row) => row.seq,
    version: (row) =>
      row.seq === "none"
        ? filter
        : JSON.stringify([
            row.outcome,
            row.acks,
            tries(row),
            outcomes(row).map((one) => [one.kind, one.key]),
            opened.get(row.seq) ?? null,
            who(row),
          ]),
    make: (row) =>
      row.seq === "none"
        ? h(
            "div",
            { class: "empty" },
            h("b", { text: t(filter ? "none_found" : "no_events") }),
            filter ? "" : t("no_events_next"),
          )
        : line(row),
  });
}

const attemptsOf = (row) => state.rows.attempt.filter((one) => one.event_id === row.seq);
const tries = (row) => attemptsOf(row).map((one) => [one.status, one.ms]);

function line(row) {
  const isOpen = opened.has(row.seq);
  const last = attemptsOf(row).at(-1);
  const count = attemptsOf(row).length;
  const head = h(
    "button",
    {
      type: "button",
      class: "row-head",
      "aria-expanded": String(isOpen),
      onclick: () => turn(row),
      data: { part: "head" },
    },
    h("span", { class: "row-time", text: clockTime(row.at, true) }),
    h(
      "span",
      { class: "row-what" },
      h("b", { text: called(row) }),
      h("span", { class: "wire", text: wire(row) }),
    ),
    h("span", { class: "row-who", text: who(row).join(" → ") }),
    h(
      "span",
      { class: "row-came" },
      h("span", { class: `badge ${ENDS[row.outcome]}`, text: ending(row, last) }),
      count > 1 && h("span", { class: "badge badge-demo", text: t("tries", { n: count }) }),
      outcomes(row).map(came),
    ),
    h("span", { class: "row-ms", text: duration(last?.ms) }),
    h("span", { class: "row-turn" }, icon(ICONS.down, { size: 16 })),
  );
  return h(
    "div",
    {
      class: isOpen ? "row row-open" : "row",
      data: { hook: "event", change: row.change_type || row.event, outcome: row.outcome },
    },
    head,
    isOpen && more(row),
  );
}

function ending(row, last) {
  const status = last ? (last.status ?? t("no_answer")) : "";
  return [t(`ends_${row.outcome}`), status].filter(Boolean).join(" · ");
}

function turn(row) {
  if (opened.delete(row.seq)) return draw();
  opened.set(row.seq, null);
  draw();
  return attempt(async () => {
    const letter = await get(`/letters/${row.seq}`);
    if (opened.has(row.seq)) opened.set(row.seq, letter);
    draw();
  });
}

function more(row) {
  const letter = opened.get(row.seq);
  if (!letter)
    return h("div", { class: "row-more" }, h("span", { class: "ghost" }), h("span", { class: "ghost" }));
  const isOwn = row.external_userid && state.chats?.some((one) => one.id === row.external_userid);
  const go = h("button", {
    type: "button",
    class: "chip",
    text: t("go_to_chat"),
    onclick: () => attempt(() => goTo(row)),
  });
  return h(
    "div",
    { class: "row-more" },
    h(
      "div",
      { class: "codes" },
      code(t("plaintext"), folded(letter.plaintext)),
      code(
        t("ciphertext"),
        letter.ciphertext
          ? folded(letter.ciphertext)
          : t(letter.attempts.length ? "not_kept" : "never_sealed"),
      ),
    ),
    h(
      "div",
      {},
      h("h3", { text: t("attempts") }),
      letter.attempts.length ? letter.attempts.map(tried) : h("p", { class: "wire", text: t("no_attempts") }),
    ),
    outcomes(row).length > 0 &&
      h(
        "div",
        {},
        h("h3", { text: t("came_of_it") }),
        outcomes(row).map((one) => h("p", { class: "wire" }, came(one), " ", one.text || "")),
      ),
    isOwn && h("div", { class: "acts" }, go),
  );
}

/** One element a line, so that XML can be read. */
const folded = (xml) => xml.replace("<xml>", "<xml>\n").replace(/(<\/[^>]+>)(?=<)/g, "$1\n");

async function goTo(row) {
  set({ tab: "chat" });
  await openChat("customer", row.external_userid);
}

function tried(one) {
  const answer = one.status ?? one.error ?? t("no_answer");
  return h("p", {
    class: "wire",
    text: [
      `#${one.number}`,
      clockTime(one.at, true),
      answer,
      duration(one.ms),
      t(`attempt_${one.outcome}`),
      one.reply,
    ]
      .filter(Boolean)
      .join("  ·  "),
  });
}

function code(title, text) {
  const button = h(
    "button",
    {
      type: "button",
      class: "tool small",
      "aria-label": t("copy_what", { what: title }),
      title: t("copy"),
      onclick: () => copied(text),
    },
    icon(ICONS.copy, { size: 14 }),
  );
  return h("div", {}, h("h3", {}, title, button), h("pre", { class: "code", tabindex: "0", text }));
}

async function copied(text) {
  toast(t((await copy(text)) ? "copied" : "not_copied"));
}
