// The frame with the real sidebar. Each chat gets a frame of its own, as WeCom destroys and recreates
// its web view; the page inside asks which chat is open, and is told.

import { find, h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { on, set, state } from "./store.js";
import { t } from "./text.js";
import { webAddress } from "./messages.js";

const WIDTHS = [360, 375, 430];
const INSIDE = "/sidebar/";
const side = find(".side");
const holder = find("#side-frame");
let frame = null;
let chat = null;
let key = "";
// The newest row of the ledger when the frame was made: later ones it may not know of.
let known = 0;
// Events that were still on their way to the server then.
let unheard = new Set();

/** Begin. */
export function startSide() {
  const reload = find("#side-reload");
  reload.append(icon(ICONS.reload, { size: 16 }));
  reload.addEventListener("click", () => set({ frame: { ...state.frame, turn: state.frame.turn + 1 } }));
  find("#side-out").append(icon(ICONS.out, { size: 16 }));
  const close = find("#side-close");
  close.append(icon(ICONS.close, { size: 16 }));
  close.addEventListener("click", () => set({ frame: { ...state.frame, src: INSIDE, opened: false } }));
  find("#widths").append(...WIDTHS.map(widthButton));
  addEventListener("message", answer);
  on(["open", "frame", "me", "theme", "tab", "chats", "elsewhere"], draw);
  on(["rows", "frame", "open"], drawReload);
  draw();
}

function widthButton(width) {
  return h("button", {
    type: "button",
    text: width,
    data: { width },
    onclick: () => set({ frame: { ...state.frame, width } }),
  });
}

/** Open a card's address: pages of the sidebar in the frame, all else in a tab of its own. */
export function openCard(url) {
  if (url.origin !== location.origin || !url.pathname.startsWith(INSIDE)) {
    window.open(url.href, "_blank", "noopener");
    return;
  }
  const src = url.pathname + url.search + url.hash;
  set({ frame: { ...state.frame, src, opened: true, turn: state.frame.turn + 1 }, tab: "sidebar" });
}

function draw() {
  const { frame: wanted, open, me } = state;
  const isChat = open?.kind === "customer" || open?.kind === "group";
  side.dataset.width = wanted.width;
  side.dataset.empty = String(!(isChat || wanted.opened));
  for (const button of find("#widths").children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.width) === wanted.width));
  }
  find("#side-close").hidden = !wanted.opened;
  find("#side-out").setAttribute("href", wanted.src);
  find("#side-title").textContent = t(wanted.opened ? "sidebar_page" : "sidebar_real");
  // A client with another theme is another user agent, so the page is asked for anew.
  const now = JSON.stringify([
    me?.userid,
    isChat && open,
    wanted.opened,
    wanted.src,
    wanted.turn,
    state.theme,
    state.elsewhere?.userid,
  ]);
  if (now === key) return;
  key = now;
  if (state.elsewhere) empty("sidebar_elsewhere");
  else if (me && (isChat || wanted.opened)) recreate(wanted, isChat ? open : null);
  else empty(open?.kind === "notices" ? "sidebar_none" : "sidebar_wait");
}

/** WeCom's client does not reload a page by itself; a dot says when it would be worth while. */
function drawReload() {
  const hot =
    Boolean(chat) && state.rows.event.some((row) => isAbout(row, chat.id) && isNews(row));
  const button = find("#side-reload");
  button.classList.toggle("hot", hot);
  button.title = t(hot ? "reload_hot" : "reload");
  button.setAttribute("aria-label", button.title);
}

const isAbout = (row, id) =>
  row.external_userid === id || row.chat_id === id || Boolean(row.fields?.MemChangeList?.includes(id));
const isNews = (row) => row.seq > known || (unheard.has(row.seq) && row.outcome === "acked");

function recreate(wanted, open) {
  chat = open && !wanted.opened ? { userid: state.me.userid, kind: open.kind, id: open.id } : null;
  known = Math.max(0, ...Object.values(state.rows).map((rows) => rows.at(-1)?.seq ?? 0));
  unheard = new Set(state.rows.event.filter((row) => row.outcome === "waiting").map((row) => row.seq));
  frame = h("iframe", { title: t("sidebar_frame"), src: wanted.src, data: { hook: "sidebar" } });
  holder.replaceChildren(frame);
}

function empty(key) {
  frame = null;
  chat = null;
  holder.replaceChildren(
    h(
      "div",
      { class: "empty" },
      icon(ICONS.panel, { size: 48 }),
      h("b", { text: t(key) }),
      t(`${key}_next`, { name: state.me?.name || "" }),
    ),
  );
}

/** Tell the page in our frame, and nobody else, which chat it stands beside. */
function answer(event) {
  if (!frame || event.origin !== location.origin || event.source !== frame.contentWindow) return;
  const asked = event.data;
  if (asked?.banke === "chat?") event.source.postMessage({ banke: "chat", id: asked.id, chat }, event.origin);
  if (asked?.banke === "close") set({ frame: { ...state.frame, src: INSIDE, opened: false } });
}
