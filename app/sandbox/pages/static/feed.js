// The live feed: one long poll of the ledger. Rows go into the logs; what they changed is fetched.

import { get } from "./api.js";
import { soon } from "./dom.js";
import {
  loadAll,
  loadChat,
  loadChats,
  loadClock,
  loadFaults,
  loadOffers,
  loadPhone,
  loadPhones,
} from "./loads.js";
import { openCustomer, set, state } from "./store.js";

const KEPT = 200;
const FIRST = 400;
const WAIT = 25;
const RETRY_MS = 1500;
const QUIET = new Set(["call", "attempt"]);

let next = 0;
let stop = null;

/** Read the newest rows, then follow. */
export async function startFeed() {
  if (stop) return;
  const page = await get("/ledger", { latest: FIRST });
  next = page.next;
  take(page.rows, false);
  document.addEventListener("visibilitychange", () => (document.hidden ? stop?.abort() : follow()));
  follow();
}

async function follow() {
  if (stop && !stop.signal.aborted) return;
  const mine = new AbortController();
  stop = mine;
  while (!mine.signal.aborted && !document.hidden) {
    try {
      const page = await get(
        "/ledger",
        { after: next, limit: 200, wait: state.gone ? 0 : WAIT },
        { signal: mine.signal },
      );
      if (state.gone) await back();
      // A sandbox that was started anew begins to count again.
      if (page.next < next) location.reload();
      next = page.next;
      take(page.rows, true);
    } catch (problem) {
      if (mine.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function back() {
  set({ gone: false });
  await loadAll();
  refresh();
}

/** Sort rows into their logs; a row that comes again replaces the one it was. */
function take(rows, live) {
  if (!rows.length) return;
  const all = { ...state.rows };
  for (const row of rows) {
    if (all[row.kind]) all[row.kind] = merged(all[row.kind], row);
  }
  set({ rows: all });
  if (!live) return;
  notice(rows);
  if (rows.some((row) => !QUIET.has(row.kind))) refresh();
  if (rows.some((row) => row.name === "clock")) loadClock().catch(ignore);
  if (rows.some((row) => row.name === "named_fault" || row.name === "revoke_tokens"))
    loadFaults().catch(ignore);
  if (rows.some((row) => row.event === "change_external_chat" || row.event === "change_external_tag"))
    loadOffers().catch(ignore);
}

function merged(list, row) {
  const place = list.findIndex((one) => one.seq === row.seq);
  if (place >= 0) return [...list.slice(0, place), row, ...list.slice(place + 1)];
  return [...list, row].slice(-KEPT);
}

/** Tick off what the first visit is about. */
function notice(rows) {
  const scanned = rows.some((row) => row.kind === "event" && row.change_type === "add_external_contact");
  const met = state.rows.sdk.some((row) => row.name === "getCurExternalContact" && /:ok/.test(row.err_msg));
  const seen = met && state.rows.welcome.some((row) => row.external_userid === openCustomer());
  const left =
    rows.some((row) => row.kind === "message") &&
    state.rows.event.some((row) => row.change_type === "del_follow_user");
  const { steps } = state;
  const now = {
    scanned: steps.scanned || scanned,
    seen: steps.seen || (seen && (steps.scanned || scanned)),
    left: steps.left || left,
  };
  if (JSON.stringify(now) !== JSON.stringify(steps)) set({ steps: now });
}

// A failure here is told by the strip, and the feed comes back by itself.
const ignore = () => undefined;

const refresh = soon(() => {
  Promise.all([loadChats(), loadChat(), loadPhone(), loadPhones()]).catch(ignore);
});
