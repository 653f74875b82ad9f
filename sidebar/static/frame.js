// The frame: shows a panel of the card whose chat is open, a customer's or a group's, and of no
// other. It asks again when it comes back into view; a page that already holds its card asks nobody.
(() => {
  "use strict";

  const SLOW_MS = 300;

  const { Problem, boxOf, retryLater, forgetTries } = window.banke;
  const panel = document.getElementById("panel");
  const notice = document.getElementById("notice");
  const toast = document.getElementById("toast");
  const bars = [...document.querySelectorAll(".bk-tabs")];
  const isAsking = !panel.dataset.path;
  const skeleton = isAsking ? [...panel.children].map((part) => part.cloneNode(true)) : [];
  const slowly = new WeakMap();
  // The address of the card whose panel it is to be. Empty: nobody knows, or there is none.
  let card = panel.dataset.path || "";
  // What is under way, if anything is; the last of its kind alone counts.
  let look = null;
  let loading = null;
  let focused = null;
  // What was asked before something went wrong does not take away what is said of it.
  let toldAt = 0;
  const asked = new WeakMap();

  // What takes longer than 300 ms is marked, so that a quick answer does not flicker.

  function markSlow(element) {
    clearTimeout(slowly.get(element));
    slowly.set(element, setTimeout(() => element.classList.add("bk-slow"), SLOW_MS));
  }

  function unmarkSlow(element) {
    clearTimeout(slowly.get(element));
    // The document, when the element that asked was replaced by the answer.
    element.classList?.remove("bk-slow");
  }

  // While it is not known whose chat is open, or his panel is on its way, nothing can be pressed.
  function hold() {
    if (!panel.inert) focused = document.activeElement;
    panel.inert = toast.inert = true;
    panel.setAttribute("aria-busy", "true");
    markSlow(panel);
  }

  function release() {
    if (look || loading) return;
    panel.inert = toast.inert = false;
    panel.removeAttribute("aria-busy");
    unmarkSlow(panel);
    if (focused?.isConnected && document.activeElement === document.body) focused.focus({ preventScroll: true });
  }

  // Problems. What is shown stays where there is something, and the box stands above it.

  const isEmpty = () => Boolean(panel.querySelector(".bk-skeleton, [data-problem]"));

  function tell(problem) {
    const box = boxOf(problem);
    const place = isEmpty() ? panel : notice;
    place.replaceChildren(box);
    toldAt = performance.now();
    watchRetry();
    if (problem.box || !["network_gone", "server_gone"].includes(problem.kind)) return;
    box.querySelector(".bk-problem__button").addEventListener("click", (event) => {
      event.preventDefault();
      const typed = place === notice && findTyped();
      if (typed) reach(typed);
      else open();
    });
  }

  // Whoever has typed something keeps it: the box goes once the server can be reached, nothing else.
  const findTyped = () => [...document.querySelectorAll("#panel, #sheet")]
    .flatMap((place) => [...place.querySelectorAll("textarea, input:not([type=hidden], [type=radio], [type=checkbox])")])
    .find((field) => field.value !== field.defaultValue);

  async function reach(typed) {
    const turn = card;
    const answer = await fetch(`${card}/${panel.dataset.panel}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (turn !== card || !answer?.ok || !answer.headers.has("Banke")) return;
    notice.replaceChildren();
    typed.focus();
  }

  function watchRetry() {
    const box = panel.querySelector("[data-retry-after]");
    if (box) retryLater(box, open);
    else if (!isEmpty()) forgetTries();
  }

  // Whose chat is it?

  const hasScripts = () => Boolean(window.htmx && window.ww);

  function open() {
    if (!hasScripts()) location.reload();
    else if (card) load();
    else find();
  }

  // The tabs are those of the kind of card, which is in its address; one alone is none.
  function showTabs() {
    const kind = card.split("/")[2];
    for (const bar of bars) {
      const tabs = [...bar.children];
      bar.hidden = bar.dataset.kind !== kind || tabs.length < 2;
      if (bar.dataset.kind !== kind) continue;
      const named = tabs.find((tab) => tab.dataset.panel === panel.dataset.panel) || tabs[0];
      panel.dataset.panel = named.dataset.panel;
      for (const tab of tabs) {
        tab.href = `${card}/${tab.dataset.panel}`;
        if (tab === named) tab.setAttribute("aria-current", "page");
        else tab.removeAttribute("aria-current");
      }
    }
  }

  // Nothing of one customer may stand beside the chat with another.
  function turnTo(next) {
    card = next;
    // Without a card the tabs lead nowhere.
    if (!card) showTabs();
    document.dispatchEvent(new Event("banke:turn"));
    notice.replaceChildren();
    toast.replaceChildren();
    panel.replaceChildren(...skeleton.map((part) => part.cloneNode(true)));
  }

  async function find() {
    const turn = (look = {});
    hold();
    try {
      if (!hasScripts()) throw new Problem("network_gone");
      const found = await window.banke.findCard();
      if (turn !== look) return;
      if (found !== card || isEmpty()) {
        turnTo(found);
        load();
      }
    } catch (error) {
      if (turn !== look) return;
      turnTo("");
      tell(error instanceof Problem ? error : new Problem("network_gone"));
    }
    look = null;
    release();
  }

  // Panels. A load takes the place of the one before it (hx-sync of the panel).

  async function load(name = panel.dataset.panel) {
    const turn = (loading = {});
    hold();
    panel.dataset.panel = name;
    showTabs();
    try {
      await window.htmx.ajax("GET", `${card}/${panel.dataset.panel}`, { source: panel, target: panel, swap: "innerHTML" });
    } catch {
      tell(new Problem("network_gone"));
    }
    if (turn !== loading) return;
    loading = null;
    release();
  }

  // An answer about a card that is not shown any more is for nobody.
  const isOfAnother = ({ request }) => !card || !request.action.startsWith(`${card}/`);

  document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
    asked.set(ctx, performance.now());
    markSlow(target);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.target !== panel) unmarkSlow(event.target);
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    const isOurs = ctx.response.headers.has("Banke");
    if (isOurs && !isOfAnother(ctx)) {
      // What the page asks by itself takes no notice away.
      if (!ctx.sourceElement.matches?.(".bk-way") && asked.get(ctx) >= toldAt) notice.replaceChildren();
      return;
    }
    event.preventDefault();
    if (isOfAnother(ctx)) return;
    // What somebody between us and the server has to say is not put into our page.
    const { status } = ctx.response;
    tell(new Problem(status < 400 ? "network_gone" : "server_gone", `HTTP ${status}`));
  });
  // The body was still on its way when another chat came up.
  document.addEventListener("htmx:before:swap", (event) => {
    if (isOfAnother(event.detail.ctx)) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", watchRetry);
  // Nobody knows whether what failed was done: the panel is read again instead of repeating it.
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    if (ctx && !isOfAnother(ctx)) tell(new Problem("network_gone"));
  });
  for (const bar of bars) {
    bar.addEventListener("click", (event) => {
      const tab = event.target.closest("[data-panel]");
      if (!tab || !card || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      // What it would take back is not on the next panel.
      toast.replaceChildren();
      scrollTo(0, 0);
      load(tab.dataset.panel);
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (isAsking && !document.hidden) find();
  });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());

  // Whoever came from a group's people to one of them goes back to them.
  const back = document.getElementById("back");
  back.hidden = location.hash !== "#from-group" || history.length < 2;
  back.addEventListener("click", () => history.back());

  if (isAsking) find();
  else watchRetry();
})();
