// What an event is called, whom it concerns, and what came of it: welcomes, refusals, notices.

import { h, plain } from "./dom.js";
import { state } from "./store.js";
import { clockTime, seconds, t } from "./text.js";
import { WORDS } from "./words.js";

const WELCOME = "externalcontact/send_welcome_msg";

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
  const parts = [called(row), plain(who(row).join(" → ")), t(`ends_${row.outcome}`)];
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
    const later = state.rows.event.find(
      (one) =>
        one.seq > row.seq &&
        one.external_userid === row.external_userid &&
        one.change_type === row.change_type,
    );
    for (const one of message) {
      const about =
        one.seq > row.seq &&
        (!later || one.seq < later.seq) &&
        JSON.stringify(one.body).includes(encodeURIComponent(row.external_userid));
      if (about && row.external_userid)
        found.push({ kind: "notice", to: one.userid, outcome: one.outcome, row: one });
    }
  }
  return found;
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
  return h("span", {
    class: "badge badge-blue",
    data: { hook: "came-notice" },
    text: t("came_notice", { name: nameOf(one.to) }),
  });
}
