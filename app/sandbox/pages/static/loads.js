// What is fetched from the sandbox, and when: chats, the open chat, the phone, menus, faults.

import { act, get, part, post } from "./api.js";
import { openRow, set, state } from "./store.js";
import { remember } from "./place.js";

const PAGE = 100;

/** Fetch the chat list; the member is the one who plays. */
export async function loadChats() {
  const answer = await get("/chats", { userid: state.me?.userid || document.body.dataset.userid });
  set({ me: answer.me, members: answer.members, chats: answer.chats });
  return answer;
}

const address = ({ kind, id }) => `/chats/${part(state.me.userid)}/${part(kind)}/${part(id)}`;

/** Fetch the open chat again; older pages that were loaded stay. */
export async function loadChat() {
  const open = state.open;
  if (!open || !state.me) return;
  const answer = await get(address(open), { limit: PAGE });
  if (state.open !== open) return;
  const first = answer.messages[0]?.seq ?? Infinity;
  const older = state.chat?.of === open ? state.chat.messages.filter((message) => message.seq < first) : [];
  const more = older.length ? state.chat.more : answer.more;
  set({ chat: { ...answer, of: open, messages: [...older, ...answer.messages], more } });
  if (openRow()?.unread && !document.hidden) await markRead(open);
}

/** Fetch the page of messages before the first one shown. */
export async function loadOlder() {
  const { open, chat } = state;
  const answer = await get(address(open), { limit: PAGE, before: chat.messages[0].seq });
  if (state.open === open) {
    set({
      chat: { ...state.chat, messages: [...answer.messages, ...state.chat.messages], more: answer.more },
    });
  }
}

async function markRead(open) {
  await post(`${address(open)}/read`);
  set({
    chats: state.chats.map((row) =>
      row.kind === open.kind && row.id === open.id ? { ...row, unread: 0 } : row,
    ),
  });
}

/** Open a chat of the member; the phone becomes that customer's. */
export async function openChat(kind, id) {
  const same = state.open?.kind === kind && state.open.id === id;
  const open = same ? state.open : { kind, id };
  const changes = { open, frame: { ...state.frame, src: "/sidebar/", opened: false } };
  if (!same) changes.chat = null;
  if (kind === "customer" && state.phone?.external_userid !== id) {
    Object.assign(changes, { phone: { external_userid: id, userid: state.me.userid }, screen: null });
  } else if (kind === "customer") {
    changes.phone = { external_userid: id, userid: state.me.userid };
  }
  set(changes);
  remember();
  await Promise.all([loadChat(), loadPhone()]);
}

/** Where there is room, open the newest customer, so that every part of the page is in use. */
export async function openNewest() {
  const row = state.chats.find((one) => one.kind === "customer");
  if (row && matchMedia("(min-width: 1024px)").matches) await openChat(row.kind, row.id);
  else remember();
}

/** Take a customer's phone in hand; `userid` is the friend whose chat is on the screen. */
export async function holdPhone(external_userid, userid) {
  set({ phone: { external_userid, userid }, screen: null });
  await loadPhone();
}

/** Fetch what is on the phone. */
export async function loadPhone() {
  const phone = state.phone;
  if (!phone) return;
  const [owner, screen] = await Promise.all([
    get(`/phones/${part(phone.external_userid)}`),
    get(`/phones/${part(phone.external_userid)}/${part(phone.userid)}`, { limit: PAGE }),
  ]);
  if (state.phone === phone) set({ screen: { ...owner, ...screen, of: phone } });
}

/** Fetch the people whose phones one may take. */
export async function loadPhones() {
  set({ phones: (await get("/phones", { limit: 50 })).customers });
}

/** Fetch the menus: channels, tags, groups. */
export async function loadOffers() {
  const offers = await get("/corp");
  set({ offers });
  return offers;
}

/** Fetch which faults are on. */
export async function loadFaults() {
  set({ faults: (await get("/faults/named")).faults });
}

/** Fetch the sandbox's clock. */
export async function loadClock() {
  takeClock(await get("/clock"));
}

/** Take over what the sandbox says of its clock. */
export function takeClock({ offset, time }) {
  set({ offset: time - Date.now() / 1000, moved: offset });
}

/** Fetch everything again: at the start, and when the sandbox is back. */
export async function loadAll() {
  await loadChats();
  await Promise.all([loadOffers(), loadFaults(), loadClock(), loadPhones()]);
}

/** Become another member: his client is another one, so everything of the last is let go. */
export async function become(userid) {
  const answer = await post("/me", { userid });
  set({ me: answer.me, elsewhere: null, chats: null, open: null, chat: null, phone: null, screen: null });
  await loadChats();
}

/** Press a button of a card. */
export function pressCard(card, key) {
  return act("member_clicks_card", { userid: state.me.userid, task_id: card.task_id, key });
}
