// The card beside the chat, after something that the person did here: once the server knows of it, the
// frame is made anew, as when a member opens the chat again.

import { set, state, until } from "./store.js";

// How long the server is waited for at most, and a breath after it.
const HEARD_MS = 3000;
const MOMENT_MS = 350;
const READ = "externalcontact/get";

/** Make the frame anew if it still stands beside one of these, once the server has heard of it all. */
export async function renewCard(events, ids) {
  await until(["rows"], () => events.every(isHeard), HEARD_MS);
  await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  const { open, frame } = state;
  if (open && ids.includes(open.id) && !frame.opened) set({ frame: { ...frame, turn: frame.turn + 1 } });
}

/** Whether it was delivered or is given up; of what was edited, whether the server has read it. */
function isHeard({ seq, change_type, external_userid }) {
  const row = state.rows.event.find((one) => one.seq === seq);
  if (!row || row.outcome === "waiting") return false;
  if (change_type !== "edit_external_contact" || row.outcome !== "acked") return true;
  return state.rows.call.some(
    (call) =>
      call.seq > seq &&
      call.api === READ &&
      call.state === "answered" &&
      JSON.stringify(call.params).includes(external_userid),
  );
}
