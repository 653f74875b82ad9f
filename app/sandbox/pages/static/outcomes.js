// What an event is called, whom it concerns, and what came of it: welcomes, refusals, notices.

import { h, plain } from "./dom.js";
import { KEPT, state } from "./store.js";
import { clockTime, now, seconds, t } from "./text.js";
import { WORDS } from "./words.js";

const WELCOME = "externalcontact/send_welcome_msg";
// A server greets at once or not at all, and nobody twice within ten minutes.
const SILENT_SECONDS = 5;
const GREETED_SECONDS = 600;

function nameOf(id) {
  const member = state.members.find((one) => one.userid === id);
  const customer =
    state.phones.find((one) => one.external_userid === id) || state.chats?.find((one) => one.id === id);
  return member?.name || customer?.name || state.offers.groups?.find((one) => one.chat_id === id)?.name || id;
}

/** The names of those whom an event is about. */
export const who = (row) => [row.external_userid, row.userid, row.chat_id].filter(Boolean).map(nameOf);
/** The event as the wire names it. */
export const wire = (row) =>
  [row.event, row.change_type, row.fields?.UpdateDetail].filter(Boolean).join(" / ");

/** The event in words: the narrowest that we have. */
export function called(row) {
  const narrow = `event_${row.event}_${row.change_type}_${row.fields?.UpdateDetail || ""}`;
  const transfer = row.fields?.Source === "DELETE_BY_TRANSFER" ? "event_by_transfer" : "";
  const keys = [transfer, narrow, `event_${row.event}_${row.change_type}`, `event_${row.event}`];
  const known = keys.find((key) => WORDS[key]);
  return known ? t(known) : t("event_other");
}

/** One line for the closed drawer. */
export function sentence(row) {
  const ids = [row.external_userid, row.userid, row.chat_id];
  const names = who(row).filter((name) => !ids.includes(name));
  const parts = [called(row), plain(names.join(" → ")), t(`ends_${row.outcome}`)].filter(Boolean);
  return `${clockTime(row.at, true)}  ${parts.join(" · ")}`;
}

/** What came of an event: welcomes, refusals of welcomes, notices. */
export function outcomes(row) {
  const { welcome, call, message } = state.rows;
  const found = welcome
    .filter((one) => one.event_id === row.seq)
    .map((one) => ({ kind: "welcome", ms: one.ms_from_event, text: one.text, row: one }));
  for (const one of call) {
    const code =
      one.api === WELCOME && row.welcome_code && one.params?.body?.welcome_code === row.welcome_code;
    if (code && one.errcode) found.push({ kind: "refused", errcode: one.errcode, row: one });
  }
  if (/^(del_|transfer_fail)/.test(row.change_type)) {
    // Until the two are told of again; what is only edited of them ends nothing.
    const later = state.rows.event.find(
      (one) => one.seq > row.seq && isPair(one, row) && one.change_type !== "edit_external_contact",
    );
    const told = new Set();
    for (const one of message) {
      const about =
        one.outcome === "delivered" &&
        one.seq > row.seq &&
        (!later || one.seq < later.seq) &&
        !told.has(one.userid) &&
        JSON.stringify(one.body).includes(encodeURIComponent(row.external_userid));
      if (!about || !row.external_userid) continue;
      told.add(one.userid);
      found.push({ kind: "notice", to: one.userid, row: one });
    }
  }
  const silent = found.length ? "" : silence(row);
  return silent ? [{ kind: "silence", key: silent, row }] : found;
}

const isPair = (one, other) => one.userid === other.userid && one.external_userid === other.external_userid;

/** Why a customer who came was not greeted: the key of the words, "" if he was or it is not known. */
function silence(row) {
  if (!/^add_(half_)?external_contact$/.test(row.change_type)) return "";
  if (!row.welcome_code) return "came_no_code";
  const { welcome, call } = state.rows;
  const isOver = row.outcome === "acked" && now() - row.at > SILENT_SECONDS;
  const isKnown = [welcome, call].every((rows) => rows.length < KEPT || rows[0].seq < row.seq);
  const tried = call.some((one) => one.api === WELCOME && one.params?.body?.welcome_code === row.welcome_code);
  if (!isOver || !isKnown || tried) return "";
  const isRecent = welcome.some(
    (one) => isPair(one, row) && one.seq < row.seq && row.at - one.at < GREETED_SECONDS,
  );
  return isRecent ? "came_greeted" : "came_nothing";
}

/** Milliseconds after which a row may have something to say of its silence, 0 if that is over. */
export function silentIn(row) {
  const left = row.welcome_code ? SILENT_SECONDS - (now() - row.at) : 0;
  return left > 0 ? left * 1000 + 50 : 0;
}

/** A mark for one outcome. */
export function came(one) {
  if (one.kind === "welcome")
    return h("span", {
      class: "badge badge-blue",
      data: { hook: "came-welcome" },
      text: t("came_welcome", { seconds: seconds(one.ms) }),
    });
  if (one.kind === "refused")
    return h("span", { class: "badge badge-red", text: t("came_refused", { errcode: one.errcode }) });
  if (one.kind === "silence")
    return h("span", { class: "badge", data: { hook: "came-silence" }, text: t(one.key) });
  return h("span", {
    class: "badge badge-blue",
    data: { hook: "came-notice" },
    text: t("came_notice", { name: nameOf(one.to) }),
  });
}
