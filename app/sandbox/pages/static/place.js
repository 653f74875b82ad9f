// Where one is, in the address: who plays and which chat is open. A reload keeps the place.

import { set, state } from "./store.js";

const KINDS = ["customer", "group", "notices"];

/** Write the place into the address; no entry is added to the history. */
export function remember() {
  const query = new URLSearchParams();
  if (state.me) query.set("as", state.me.userid);
  if (state.open) query.set("chat", `${state.open.kind}/${state.open.id}`);
  const search = query.toString().replaceAll("%2F", "/");
  history.replaceState(null, "", search ? `?${search}` : location.pathname);
}

const narrow = matchMedia("(max-width: 1023px)");

/** Where only one part of the page shows: make the browser's own Back lead from a chat to the list. */
export function stepIn() {
  if (narrow.matches && (state.tab || "chats") === "chats") history.pushState(null, "", location.href);
}

/** Let Back lead to the list. */
export function startPlace() {
  addEventListener("popstate", () => {
    if (narrow.matches) set({ tab: "chats" });
    remember();
  });
}

/** Read the place out of the address: {as, chat: {kind, id} or null}. */
export function recall() {
  const query = new URLSearchParams(location.search);
  const [kind, ...id] = (query.get("chat") || "").split("/");
  const chat = KINDS.includes(kind) && id.length ? { kind, id: id.join("/") } : null;
  return { as: query.get("as") || "", chat };
}
