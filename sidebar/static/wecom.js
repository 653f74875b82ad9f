// WeCom's client: whose chat is open, a customer's or a group's? Everything here ends, with the address
// of a card or with a Problem; the SDK itself waits for ever where there is no bridge.
(() => {
  "use strict";

  const BRIDGE_MS = 3000;
  const SIGNING_MS = 10000;
  const SENDING_MS = 15000;
  const JS_APIS = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"];
  const CUSTOMER_ENTRIES = ["contact_profile", "single_chat_tools", "single_kf_tools", "chat_attachment"];
  const GROUP_ENTRIES = ["group_chat_tools"];
  const WIRE_ID = /^[A-Za-z0-9_-]{1,64}$/;

  const { Problem } = window.banke;
  const { corpId, agentId, csrfToken } = document.getElementById("panel").dataset;
  let registering = null;

  const here = () => location.href.split("#")[0];
  const said = (error) => [error.errMsg || error.message, error.errCode].filter(Boolean).join(" · ");

  async function sign(url) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), SIGNING_MS);
    try {
      const answer = await fetch("/sidebar/jssdk/signatures", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken },
        body: JSON.stringify({ url }),
        signal: stop.signal,
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text);
      const page = new DOMParser().parseFromString(text, "text/html");
      throw new Problem("server_gone", `HTTP ${answer.status}`, page.querySelector(".bk-problem"));
    } catch (error) {
      throw error instanceof Problem ? error : new Problem("network_gone");
    } finally {
      clearTimeout(timer);
    }
  }

  function answered(promise, ms = BRIDGE_MS) {
    let timer;
    const tooLate = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Problem("no_bridge")), ms);
    });
    return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
  }

  async function register() {
    const signed = { [here()]: sign(here()) };
    await signed[here()];
    const signatures = (url) => (signed[url] = signed[url] || sign(url));
    window.ww.register({
      corpId,
      agentId,
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

  // Whether the chat is a group's.
  async function askEntry() {
    let entry;
    try {
      ({ entry } = await answered(window.ww.getContext()));
    } catch (error) {
      // Old clients do not know where they were opened; the next call will tell.
      if (error instanceof Problem) throw error;
      return false;
    }
    if (GROUP_ENTRIES.includes(entry)) return true;
    if (!CUSTOMER_ENTRIES.includes(entry)) throw new Problem("wrong_entry", entry);
    return false;
  }

  async function ask(call, name) {
    let id;
    try {
      id = (await answered(call()))[name];
    } catch (error) {
      if (error instanceof Problem) throw error;
      const isElsewhere = /without context/i.test(said(error));
      throw new Problem(isElsewhere ? "wrong_entry" : "wecom_refuses", said(error));
    }
    if (!WIRE_ID.test(id)) throw new Problem("wrong_entry");
    return id;
  }

  window.banke.findCard = async () => {
    if (!registering) {
      registering = register();
      registering.catch(() => { registering = null; });
    }
    try {
      await registering;
      return (await askEntry())
        ? `/sidebar/groups/${await ask(() => window.ww.getCurExternalChat(), "chatId")}`
        : `/sidebar/customers/${await ask(() => window.ww.getCurExternalContact(), "userId")}`;
    } catch (error) {
      throw error instanceof Problem ? error : new Problem("no_bridge", said(error));
    }
  };

  // Why a message was not sent, by what the client says.
  const CAUSES = [
    ["cancel", /cancel/i],
    ["wecom_refuses", /permission/i],
    ["wrong_entry", /context/i],
    ["mediaid", /media_?id/i],
    ["picture", /imgurl/i],
  ];

  // Sends a message into the chat of this card, if that is still the one that is open; else raises a
  // Problem. "late": it may have been sent or not.
  window.banke.send = async (body, card) => {
    if ((await window.banke.findCard()) !== card) throw new Problem("other_chat");
    try {
      await answered(window.ww.sendChatMessage(body), SENDING_MS);
    } catch (error) {
      if (error instanceof Problem) throw new Problem("late");
      const [kind] = CAUSES.find(([, words]) => words.test(said(error))) || ["refused"];
      throw new Problem(kind, said(error));
    }
  };

  // The SDK says each refusal twice, the second time to nobody.
  window.addEventListener("unhandledrejection", (event) => {
    if (event.reason && event.reason.errMsg) event.preventDefault();
  });
})();
