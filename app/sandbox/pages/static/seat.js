// Who sits here: one browser is one WeCom client, so another tab that becomes somebody else takes the
// seat from this one. It is told, and can be taken back.

import { get, post } from "./api.js";
import { find, h, icon, keep } from "./dom.js";
import { ICONS } from "./icons.js";
import { on, set, state } from "./store.js";
import { t } from "./text.js";
import { attempt } from "./toast.js";

/** Begin. */
export function startSeat() {
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
  on(["elsewhere", "me"], draw);
}

/** Ask who plays in this browser, whenever somebody looks at this tab. */
async function look() {
  const { me } = state;
  if (document.hidden || !me || state.gone || state.preparing) return;
  const answer = await get("/me").catch(() => null);
  if (!answer || state.me !== me) return;
  const other = answer.me.userid === me.userid ? null : answer.me;
  if (other?.userid !== state.elsewhere?.userid) set({ elsewhere: other });
}

function draw() {
  keep(find("#strip-seat"), state.elsewhere ? [state.elsewhere] : [], {
    key: () => "seat",
    version: (other) => JSON.stringify([other.name, state.me.name]),
    make: strip,
  });
}

function strip(other) {
  return h(
    "div",
    { class: "strip strip-fault", role: "alert", data: { hook: "seat" } },
    icon(ICONS.warning, { size: 17 }),
    h("b", { text: t("seat_taken", { name: other.name }) }),
    h("button", {
      type: "button",
      class: "plain",
      text: t("seat_back", { name: state.me.name }),
      data: { hook: "seat-back" },
      onclick: () => attempt(takeBack),
    }),
  );
}

async function takeBack() {
  await post("/me", { userid: state.me.userid });
  set({ elsewhere: null, frame: { ...state.frame, turn: state.frame.turn + 1 } });
}
