// The frame: finds out from WeCom's client whose chat is open, loads his panel, and says what is
// wrong when it cannot. A page that already holds its customer asks nobody.
(() => {
  "use strict";

  const BRIDGE_MS = 3000;
  const SIGNING_MS = 10000;
  const SLOW_MS = 300;
  const MOST_RETRIES = 3;
  const JS_APIS = ["getContext", "getCurExternalContact"];
  const CUSTOMER_ENTRIES = ["contact_profile", "single_chat_tools", "single_kf_tools", "chat_attachment"];
  const GROUP_ENTRIES = ["group_chat_tools", "chain_group_chat_tools", "internal_group_chat_board"];

  const panel = document.getElementById("panel");
  const notice = document.getElementById("notice");
  const tabs = document.querySelectorAll(".bk-tabs [data-panel]");
  const isAsking = !panel.dataset.externalUserid;
  const slowly = new WeakMap();
  let customer = panel.dataset.externalUserid || "";
  let retries = 0;

  class Problem extends Error {
    constructor(kind, detail, box) {
      super(kind);
      this.kind = kind;
      this.detail = detail || "";
      this.box = box || null;
    }
  }

  // Problems: the server's own box, or one of the templates that the page carries.

  function boxOf(problem) {
    if (problem.box) return problem.box;
    const template = document.getElementById(`problem-${problem.kind}`);
    const box = template.content.firstElementChild.cloneNode(true);
    box.querySelector(".bk-problem__id").textContent = problem.detail;
    return box;
  }

  function showProblem(problem) {
    settle();
    panel.replaceChildren(boxOf(problem));
    retryLater();
  }

  // What was loaded before stays; where there is nothing yet, the box takes the panel's place.
  function showNetworkGone(again) {
    settle();
    const box = boxOf(new Problem("network_gone"));
    box.querySelector(".bk-problem__button").addEventListener("click", (event) => {
      event.preventDefault();
      notice.replaceChildren();
      again();
    });
    const isEmpty = panel.querySelector(".bk-skeleton, [data-problem]");
    (isEmpty ? panel : notice).replaceChildren(box);
  }

  // WeCom's limits pass by themselves: a box that says so is tried again, a few times.
  function retryLater() {
    const box = panel.querySelector("[data-retry-after]");
    if (!box || retries >= MOST_RETRIES) return;
    retries += 1;
    setTimeout(() => {
      if (box.isConnected) open();
    }, Number(box.dataset.retryAfter) * 1000);
  }

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

  function wait() {
    panel.setAttribute("aria-busy", "true");
    markSlow(panel);
  }

  function settle() {
    panel.removeAttribute("aria-busy");
    unmarkSlow(panel);
  }

  // Signatures.

  const here = () => location.href.split("#")[0];

  async function sign(url) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), SIGNING_MS);
    try {
      const answer = await fetch("/sidebar/jssdk/signatures", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": panel.dataset.csrfToken },
        body: JSON.stringify({ url }),
        signal: stop.signal,
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text);
      const page = new DOMParser().parseFromString(text, "text/html");
      throw new Problem("server_error", `HTTP ${answer.status}`, page.querySelector(".bk-problem"));
    } catch (error) {
      throw error instanceof Problem ? error : new Problem("network_gone");
    } finally {
      clearTimeout(timer);
    }
  }

  // WeCom's client. The SDK waits for ever where there is no bridge.

  function answered(promise) {
    let timer;
    const tooLate = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Problem("no_bridge")), BRIDGE_MS);
    });
    return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
  }

  const said = (error) => [error.errMsg || error.message, error.errCode].filter(Boolean).join(" · ");

  async function register() {
    const signed = { [here()]: sign(here()) };
    await signed[here()];
    const signatures = (url) => (signed[url] = signed[url] || sign(url));
    window.ww.register({
      corpId: panel.dataset.corpId,
      agentId: panel.dataset.agentId,
      jsApiList: JS_APIS,
      getConfigSignature: async (url) => (await signatures(url)).config,
      getAgentConfigSignature: async (url) => (await signatures(url)).agentConfig,
    });
    try {
      await answered(window.ww.ensureConfigReady());
    } catch (error) {
      throw error instanceof Problem ? error : new Problem("signature_refused", said(error));
    }
  }

  async function checkEntry() {
    let entry;
    try {
      ({ entry } = await answered(window.ww.getContext()));
    } catch (error) {
      // Old clients do not know where they were opened; the next call will tell.
      if (error instanceof Problem) throw error;
      return;
    }
    if (GROUP_ENTRIES.includes(entry)) throw new Problem("wrong_entry_group");
    if (!CUSTOMER_ENTRIES.includes(entry)) throw new Problem("wrong_entry", entry);
  }

  async function askCustomer() {
    try {
      const { userId } = await answered(window.ww.getCurExternalContact());
      return userId;
    } catch (error) {
      if (error instanceof Problem) throw error;
      const isElsewhere = /without context/i.test(said(error));
      throw new Problem(isElsewhere ? "wrong_entry" : "wecom_refuses", said(error));
    }
  }

  async function start() {
    wait();
    try {
      await register();
      await checkEntry();
      customer = await askCustomer();
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem("no_bridge", said(error));
      if (problem.kind === "network_gone") showNetworkGone(start);
      else showProblem(problem);
      return;
    }
    load();
  }

  // Panels.

  const open = () => (customer ? load() : start());

  function load(name = panel.dataset.panel) {
    wait();
    panel.dataset.panel = name;
    for (const tab of tabs) {
      if (tab.dataset.panel === name) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const address = `/sidebar/customers/${encodeURIComponent(customer)}/${name}`;
    return window.htmx.ajax("GET", address, { source: panel, target: panel, swap: "innerHTML" });
  }

  // Another chat may have come up behind a page that was not thrown away.
  async function lookAgain() {
    if (document.hidden || !isAsking || !customer) return;
    const current = await askCustomer().catch(() => customer);
    if (current === customer) return;
    customer = current;
    load();
  }

  document.addEventListener("htmx:before:request", (event) => markSlow(event.target));
  document.addEventListener("htmx:finally:request", (event) => unmarkSlow(event.target));
  document.addEventListener("htmx:after:request", () => notice.replaceChildren());
  document.addEventListener("htmx:after:swap", () => {
    settle();
    retryLater();
  });
  // An error page of something between us and the server is not put into ours.
  document.addEventListener("htmx:before:swap", (event) => {
    const { response, hx } = event.detail.ctx;
    if (!response || response.status < 500 || hx.retarget) return;
    event.preventDefault();
    const place = event.target === panel ? panel : notice;
    settle();
    place.replaceChildren(boxOf(new Problem("server_error", `HTTP ${response.status}`)));
  });
  // Nobody knows whether what failed was done: the panel is read again instead of repeating it.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) showNetworkGone(open);
  });
  for (const tab of tabs) tab.addEventListener("click", () => customer && load(tab.dataset.panel));
  document.addEventListener("visibilitychange", lookAgain);
  // The SDK says each refusal twice, the second time to nobody.
  window.addEventListener("unhandledrejection", (event) => {
    if (event.reason && event.reason.errMsg) event.preventDefault();
  });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());

  if (isAsking) start();
})();
