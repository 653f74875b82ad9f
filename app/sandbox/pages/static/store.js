// The one place of the page's state, and the one way to change it. Views subscribe to what they show.

const state = {
  // Who plays: {userid, name, department, position}; the colleagues; language and theme.
  me: null,
  members: [],
  language: document.documentElement.lang.startsWith("en") ? "en" : "zh",
  theme: document.documentElement.dataset.theme || "light",
  // The chats of the member, and the one that is open: {kind, id}.
  chats: null,
  open: null,
  chat: null,
  // The customer whose phone is shown: {external_userid, userid}, and what is on its screen.
  phone: null,
  screen: null,
  // The frame at the right of the chat: "/sidebar/" or an address of ours that a card opened.
  frame: { src: "/sidebar/", opened: false, width: 360, turn: 0 },
  // What the sandbox offers: channels, tags, groups; and its clock: seconds ahead.
  offers: { channels: [], tags: [], groups: [] },
  offset: 0,
  moved: 0,
  phones: [],
  // Rows of the ledger by kind, newest last, each known by its seq.
  rows: { event: [], attempt: [], call: [], welcome: [], message: [], sdk: [] },
  faults: [],
  drawer: { open: false, tab: "events" },
  gone: false,
  // The sandbox that answers, and whether its past is still being made.
  instance: "",
  preparing: false,
  // The member whom another tab of this browser plays meanwhile.
  elsewhere: null,
  // What the first visit has seen, in this sandbox, since this row of the ledger.
  steps: { scanned: false, seen: false, left: false, since: 0, instance: "" },
};

const listeners = new Map();

/** How many rows of each kind the logs keep. */
export const KEPT = 200;

export { state };

/** Call `listener` whenever one of these parts of the state was set. */
export function on(names, listener) {
  for (const name of [names].flat()) {
    if (!listeners.has(name)) listeners.set(name, new Set());
    listeners.get(name).add(listener);
  }
}

/** Wait until `test` holds after a change of these parts, or so many milliseconds. */
export function until(names, test, ms) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      for (const name of names) listeners.get(name).delete(check);
      resolve();
    };
    const check = () => test() && end();
    const timer = setTimeout(end, ms);
    on(names, check);
    check();
  });
}

/** Set parts of the state, then tell those who show them, each once. */
export function set(changes) {
  Object.assign(state, changes);
  const told = new Set();
  for (const name of Object.keys(changes)) {
    for (const listener of listeners.get(name) || []) told.add(listener);
  }
  told.forEach((listener) => listener());
}

/** The customer who is open in the chat, or null. */
export function openCustomer() {
  return state.open?.kind === "customer" ? state.open.id : null;
}

/** The row of the chat list that is open, or null. */
export function openRow() {
  const { open, chats } = state;
  return (open && chats?.find((chat) => chat.kind === open.kind && chat.id === open.id)) || null;
}
