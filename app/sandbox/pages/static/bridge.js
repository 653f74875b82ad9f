/* The JS bridge of WeCom's client, as far as the sandbox plays it. It stands first in the head of
   sidebar pages: it tells the client by the user agent and defines window.WeixinJSBridge. Which
   chat is open is asked of the parent window; in a window of its own there is none. */
(() => {
  "use strict";

  const CLIENT = "wxwork/5.0.11 MicroMessenger/7.0.1";
  const ANSWER_MS = 1000;
  const instance = Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("");
  const isFramed = window.parent !== window;
  let chat = null;

  const readCookie = (name) => {
    const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };

  const playClient = () => {
    const plain = navigator.userAgent;
    if (plain.includes("wxwork/")) return;
    const language = readCookie("sandbox_language") === "en" ? "en" : "zh";
    const scheme = readCookie("sandbox_theme") === "dark" ? "Dark" : "Light";
    const agent = `${plain} ${CLIENT} Language/${language} ColorScheme/${scheme}`;
    Object.defineProperty(navigator, "userAgent", { get: () => agent, configurable: true });
  };

  const tellParent = (words) => {
    if (isFramed) window.parent.postMessage(words, location.origin);
  };

  const askParent = () =>
    new Promise((resolve, reject) => {
      const id = `${instance}-${Math.random()}`;
      const hear = (event) => {
        if (event.origin !== location.origin || event.source !== window.parent) return;
        if (!event.data || event.data.banke !== "chat" || event.data.id !== id) return;
        finish(() => resolve(event.data.chat || null));
      };
      const timer = setTimeout(() => finish(() => reject(new Error("no answer"))), ANSWER_MS);
      const finish = (settle) => {
        clearTimeout(timer);
        window.removeEventListener("message", hear);
        settle();
      };
      window.addEventListener("message", hear);
      tellParent({ banke: "chat?", id });
    });

  /* The chat is the one that was open when the page first asked: another chat, another page. */
  const findChat = () => {
    if (!isFramed) return Promise.resolve(null);
    chat = chat || askParent();
    return chat.catch(() => {
      chat = null;
      return null;
    });
  };

  const call = async (name, params) => {
    const answer = await fetch(`/sandbox/api/bridge/${encodeURIComponent(name)}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        params,
        instance,
        page: location.href.split("#")[0],
        chat: await findChat(),
      }),
    });
    return answer.json();
  };

  const invoke = async (name, params, callback) => {
    let result;
    try {
      result = await call(name, params || {});
    } catch {
      result = { err_msg: `${name}:fail the sandbox does not answer` };
    }
    tellParent({ banke: "sdk", name, err_msg: result.err_msg });
    if (name === "openUserProfile" && result.err_msg === "openUserProfile:ok") {
      tellParent({ banke: "profile", type: params.type, userid: params.userid });
    }
    if (name === "closeWindow") tellParent({ banke: "close" });
    if (typeof callback === "function") callback(result);
  };

  playClient();
  Object.defineProperty(window, "WeixinJSBridge", {
    value: Object.freeze({
      invoke: (name, params, callback) => {
        invoke(String(name), params, callback);
      },
      /* Nothing that this client does raises an event of the bridge. */
      on: () => {},
    }),
  });
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
