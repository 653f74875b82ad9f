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
import { outcomes } from "./outcomes.js";
import { KEPT, openCustomer, set, state } from "./store.js";

const WAIT = 25;
const RETRY_MS = 1500;
const QUIET = new Set(["call", "attempt"]);
// What an app changes shows in the client, though no event tells of it.
const WRITES = new Set(["externalcontact/remark", "externalcontact/mark_tag"]);

let next = 0;
let stop = null;

/** Read the newest rows, then follow. */
export async function startFeed() {
  if (stop) return;
  // Of each kind the newest: a storm of calls does not push the rest out.
  const kinds = Object.keys(state.rows);
  const pages = await Promise.all(kinds.map((kind) => get("/ledger", { latest: KEPT, kind })));
  next = Math.min(...pages.map((page) => page.next));
  for (const page of pages) take(page.rows, false);
  beginSteps();
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
      // Another sandbox: nothing of this page is true any more.
      if (page.instance !== state.instance) {
        location.reload();
        return;
      }
      if (state.gone) await back();
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
  notice();
  if (rows.some((row) => !QUIET.has(row.kind) || (WRITES.has(row.api) && row.errcode === 0))) refresh();
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

/** Begin the steps of the first visit anew when it is another sandbox, which counts from 1 again. */
function beginSteps() {
  if (state.steps.instance === state.instance) return;
  const since = Math.max(0, ...Object.values(state.rows).map((rows) => rows.at(-1)?.seq ?? 0));
  set({ steps: { scanned: false, seen: false, left: false, since, instance: state.instance } });
}

/** Tick off what the first visit is about: only what happened since it began. */
function notice() {
  const { steps, rows } = state;
  const since = rows.event.filter((row) => row.seq > steps.since);
  const came = since.filter((row) => /^add_(half_)?external_contact$/.test(row.change_type));
  const now = {
    ...steps,
    scanned: steps.scanned || came.length > 0,
    seen: steps.seen || came.some(isSeen),
    left: steps.left || since.some((row) => row.change_type === "del_follow_user" && isTold(row)),
  };
  if (JSON.stringify(now) !== JSON.stringify(steps)) set({ steps: now });
}

/** Whether this customer was greeted, and his card has opened since. */
function isSeen(event) {
  const { welcome, sdk } = state.rows;
  return (
    openCustomer() === event.external_userid &&
    welcome.some((row) => row.event_id === event.seq) &&
    sdk.some((row) => row.seq > event.seq && row.name === "getCurExternalContact" && /:ok/.test(row.err_msg))
  );
}

const isTold = (event) => outcomes(event).some((one) => one.kind === "notice");

// A failure here is told by the strip, and the feed comes back by itself.
const ignore = () => undefined;

const refresh = soon(() => {
  Promise.all([loadChats(), loadChat(), loadPhone(), loadPhones()]).catch(ignore);
});
