// Problems: what the page says of them, and which it tries again by itself. Every page that can
// show a problem has this script, the frame and the pages that are one problem alone.
(() => {
  "use strict";

  const MOST_RETRIES = 3;
  const FORGET_MS = 600000;
  const KEY = "banke-retries";

  // `box`: what the server said of it, if it said anything.
  class Problem extends Error {
    constructor(kind, detail, box) {
      super(kind);
      this.kind = kind;
      this.detail = detail || "";
      this.box = box || null;
    }
  }

  function boxOf(problem) {
    if (problem.box) return problem.box;
    const template = document.getElementById(`problem-${problem.kind}`);
    const box = template.content.firstElementChild.cloneNode(true);
    // What the client said, for whoever is told of it.
    if (problem.detail) box.querySelector(".bk-problem__id").append(` · ${problem.detail}`);
    return box;
  }

  // WeCom's limits pass by themselves. The tries are counted over pages, or one that is loaded anew
  // would try for ever.

  // Some web views forbid storage; a page that cannot count its tries makes none.
  function inStorage(work) {
    try {
      return work(window.sessionStorage);
    } catch {
      return null;
    }
  }

  function triesSoFar() {
    const counted = inStorage((storage) => storage.getItem(KEY) || "0 0");
    if (counted === null) return MOST_RETRIES;
    const [tries, at] = counted.split(" ").map(Number);
    return Date.now() - at < FORGET_MS ? tries : 0;
  }

  const forgetTries = () => inStorage((storage) => storage.removeItem(KEY));

  // The box promises another try only here, where one follows.
  function retryLater(box, again) {
    const todo = box.querySelector(".bk-problem__todo");
    const tries = triesSoFar();
    if (tries >= MOST_RETRIES) {
      todo.textContent = box.dataset.gaveUp;
      return;
    }
    todo.textContent = box.dataset.retrying;
    inStorage((storage) => storage.setItem(KEY, `${tries + 1} ${Date.now()}`));
    setTimeout(() => {
      if (box.isConnected) again();
    }, Number(box.dataset.retryAfter) * 1000);
  }

  window.banke = { Problem, boxOf, retryLater, forgetTries };

  const alone = document.querySelector(".bk-sorry [data-retry-after]");
  if (alone) retryLater(alone, () => location.replace(alone.querySelector(".bk-problem__button").href));
})();
