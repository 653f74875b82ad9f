// What htmx brings: busy marks, and words when nothing, or nothing of ours, came back.
(() => {
  "use strict";

  const SLOW_MS = 300;
  const notice = document.getElementById("notice");
  const slowly = new WeakMap();
  // Whether what the notice says is about something that asks by itself, again and again.
  let isOfPoll = false;
  const polls = ({ ctx }) => ctx?.sourceEvent?.type === "every";

  function tell(name) {
    const words = document.body.dataset[name];
    // What is said already is not read out once more.
    if (!notice || !words || notice.textContent === words) return;
    const box = document.createElement("div");
    box.className = "alert alert-danger";
    box.setAttribute("role", "alert");
    box.textContent = words;
    notice.replaceChildren(box);
  }

  document.addEventListener("htmx:before:request", (event) => {
    const { target, detail } = event;
    if (polls(detail)) {
      // Nobody looks: it asks again when somebody does.
      if (document.hidden) event.preventDefault();
      return;
    }
    target.setAttribute("aria-busy", "true");
    slowly.set(target, setTimeout(() => target.classList.add("ad-slow"), SLOW_MS));
  });
  document.addEventListener("htmx:finally:request", ({ target }) => {
    clearTimeout(slowly.get(target));
    // The document, when the element that asked was replaced by the answer.
    target.removeAttribute?.("aria-busy");
    target.classList?.remove("ad-slow");
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { response } = event.detail.ctx;
    // A sign-in that has ended leads to the door, which is no fragment.
    const isOurs = response.headers.has("Banke") && !response.raw.redirected;
    const isPoll = polls(event.detail);
    if (isOurs && response.raw.ok) {
      if (isOfPoll || !isPoll) notice?.replaceChildren();
      return;
    }
    isOfPoll = isPoll;
    if (isOurs) return;
    event.preventDefault();
    tell(response.raw.redirected ? "signedOut" : "gone");
  });
  document.addEventListener("htmx:error", ({ detail }) => {
    if (!detail.ctx) return;
    isOfPoll = polls(detail);
    tell("gone");
  });
})();
