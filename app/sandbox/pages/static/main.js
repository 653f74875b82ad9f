// Where the page begins: words, views, then everything from the sandbox, then the live feed.

import { Gone, get, post, Refused } from "./api.js";
import { startChat } from "./chat.js";
import { startChatList } from "./chatlist.js";
import { startDrawer } from "./drawer.js";
import { startFeed } from "./feed.js";
import { startKeys } from "./keys.js";
import { become, loadAll, loadChat, loadPhone, openChat, openNewest } from "./loads.js";
import { startPhone } from "./phone.js";
import { recall, startPlace } from "./place.js";
import { startSeat } from "./seat.js";
import { startSide } from "./side.js";
import { set, state } from "./store.js";
import { startStrips } from "./strips.js";
import { fillWords, t } from "./text.js";
import { startTopBar } from "./topbar.js";

const RETRY_MS = 1500;
const READY_MS = 500;

fillWords();
document.title = t("product");
startStrips();
startSeat();
startTopBar();
startChatList();
startChat();
startSide();
startPhone();
startDrawer();
startKeys();
startPlace();
begin();

/** Fetch what is needed; while the sandbox is gone, try again. */
async function begin() {
  try {
    if (!(await isReady())) {
      setTimeout(begin, READY_MS);
      return;
    }
    const place = recall();
    await takeSeat(place.as);
    await loadAll();
    if (!document.body.dataset.userid) await firstSeat();
    await startFeed();
    const chat =
      place.chat && state.chats.some((row) => row.kind === place.chat.kind && row.id === place.chat.id)
        ? place.chat
        : null;
    if (chat) await openChat(chat.kind, chat.id);
    else await openNewest();
    set({ gone: false });
    document.body.dataset.ready = "true";
    document.addEventListener(
      "visibilitychange",
      () => document.hidden || Promise.all([loadChat(), loadPhone()]).catch(() => undefined),
    );
  } catch (problem) {
    // A corp without members has nobody to be yet; it may get some.
    if (problem instanceof Refused) set({ chats: [] });
    else if (!(problem instanceof Gone)) throw problem;
    setTimeout(begin, RETRY_MS);
  }
}

/** Wait for a demo whose past is still being lived through: nobody is to play in the midst of it. */
async function isReady() {
  const { ready, instance } = await get("/ready");
  set({ preparing: !ready, instance, gone: false });
  return ready;
}

/** On the first visit be somebody who has customers. The cookie is what the sign-in pages go by. */
async function firstSeat() {
  const able = state.members.filter((member) => member.has_external !== false);
  const first = able.find((member) => !member.leader) || able[0] || state.members[0];
  if (!first) return;
  await become(first.userid);
  document.body.dataset.userid = first.userid;
}

/** Be the member whom the address names, if it names one that exists. */
async function takeSeat(userid) {
  if (!userid || userid === document.body.dataset.userid) return;
  try {
    await post("/me", { userid });
    document.body.dataset.userid = userid;
  } catch (problem) {
    if (state.gone) throw problem;
  }
}
