// The library: what the server has prepared goes into the chat message by message, and never into
// another chat. A message goes twice only if somebody says so. And the keys of the list.
(() => {
  "use strict";

  const QUIET_MS = 300;
  const SAID_MS = 2000;
  const { boxOf, send } = window.banke;
  const get = (id) => document.getElementById(id);
  const on = (name, work, early) => document.addEventListener(name, work, early);
  const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);
  // The button that was pressed last, whether its messages are awaited, and what is being sent: `at` the message whose turn it is.
  let button = null;
  let isPreparing = false;
  let job = null;

  // One message goes by its button, several by a sheet with a line for each.

  function press(pressed) {
    button = pressed;
    isPreparing = true;
    get("toast").replaceChildren();
    // Properties: a list that comes anew meanwhile takes attributes away.
    button.says ??= button.textContent;
    button.isBusy = true;
    button.setAttribute("aria-busy", "true");
    button.timer = setTimeout(() => say("preparing"), QUIET_MS);
  }

  function say(name) {
    button.textContent = document.querySelector("[data-preparing]")?.dataset[name] || button.says;
  }

  // One that has just sent stays so for a moment: the second click of two is none.
  function release(isSent) {
    const done = button;
    clearTimeout(done.timer);
    if (isSent) say("sent");
    done.timer = setTimeout(() => {
      done.textContent = done.says;
      done.isBusy = false;
      done.removeAttribute("aria-busy");
    }, isSent ? SAID_MS : 0);
  }

  function toast(text, isFault) {
    const box = document.createElement("div");
    box.className = `bk-say${isFault ? " bk-say_fault" : ""}`;
    box.append(document.createElement("p"));
    box.firstChild.className = "bk-say__text";
    box.firstChild.textContent = text;
    get("toast").replaceChildren(box);
  }

  // Beside what was pressed if that is still there.
  function complain(place, text) {
    if (!place?.isConnected) return text && toast(text, true);
    place.textContent = text;
    place.hidden = !text;
  }

  function mark(state) {
    const line = job.list?.children[job.at];
    if (!line) return;
    line.dataset.state = state;
    line.lastChild.textContent = job.words[state];
    tell(state === "sending" ? "going" : "");
  }

  const counts = () => ({ n: job.at + 1, count: job.parts.length, sent: job.sent, left: job.parts.length - job.sent });
  const tell = (name) => { job.said.nextElementSibling.textContent = name && fill(job.words[name], counts()); };

  function offer(...names) {
    for (const one of document.querySelectorAll("[data-choice]")) one.hidden = !names.includes(one.dataset.choice);
  }

  function word({ kind, detail }, problem) {
    if (job.words[kind]) return fill(job.words[kind], { detail });
    const box = boxOf(problem);
    return [".bk-problem__what", ".bk-problem__todo"].map((one) => box.querySelector(one).textContent).join("");
  }

  function post(action, values) {
    const headers = { "HX-Request": "true", "X-CSRF-Token": get("panel").dataset.csrfToken };
    const body = new URLSearchParams({ item: job.item, ...values });
    return fetch(`${job.path}/${action}`, { method: "POST", headers, body, keepalive: true });
  }

  // What WeCom has forgotten is brought to it anew, once.
  async function renew(part) {
    if (part.isRenewed) return false;
    part.isRenewed = true;
    try {
      const stale = part.body[part.body.msgtype].mediaid;
      const answer = await (await post("prepare", { n: part.n, stale })).text();
      const page = new DOMParser().parseFromString(answer, "text/html");
      part.body = JSON.parse(page.querySelector("[data-messages]").dataset.messages).parts[0].body;
      return true;
    } catch {
      return false;
    }
  }

  // That it was sent is told to the server once, when nothing more follows; again if it did not hear.
  function record() {
    if (!job.sent || job.isRecorded) return;
    job.isRecorded = true;
    const values = { key: job.key, parts: job.sent };
    const again = () => setTimeout(() => post("sent", values).catch(() => {}), SAID_MS);
    post("sent", values).then((answer) => answer.ok || again(), again);
  }

  async function sendNext() {
    const part = job.parts[job.at];
    mark("sending");
    try {
      await send(part.body, job.card);
    } catch (problem) {
      if (problem.kind === "mediaid" && (await renew(part))) return null;
      mark({ late: "unsure", cancel: "waiting" }[problem.kind] || "failed");
      return problem;
    }
    mark("sent");
    job.at += 1;
    job.sent += 1;
    return null;
  }

  async function run() {
    let problem = null;
    job.isGoing = true;
    job.isStopped = false;
    complain(job.said, "");
    offer("stop");
    while (!problem && !job.isStopped && job.at < job.parts.length) problem = await sendNext();
    job.isGoing = false;
    finish(problem);
  }

  function finish(problem) {
    const { list, said } = job;
    const isDone = job.at === job.parts.length;
    const isOver = isDone || !list?.isConnected;
    if (isOver) record();
    if (!list) release(isDone);
    if (job.isTurned) return;
    if (problem && problem.kind !== "cancel") complain(said, word(problem, problem));
    if (isDone && list?.isConnected) document.querySelector("#sheet [data-closes-sheet]").click();
    if (isDone && job.sent === job.parts.length) toast(job.told);
    else if (isOver && list && job.sent) toast(fill(job.words.stopped, counts()));
    else if (!isOver) {
      offer(...(problem && problem.kind !== "cancel" ? ["again", "skip"] : ["on"]));
      if (!problem) tell("stopped");
    }
  }

  on("htmx:before:request", (event) => {
    const { sourceElement: form, request } = event.detail.ctx;
    if (form.matches?.(".bk-star")) form.ariaPressed = String(form.ariaPressed !== "true");
    if (!form.matches?.(".bk-sender")) return;
    if (job?.isGoing || request.submitter.isBusy) event.preventDefault();
    else {
      press(request.submitter);
      complain(form.nextElementSibling, "");
    }
  });

  on("htmx:after:swap", () => {
    const box = document.querySelector("[data-messages]");
    if (!box) return;
    const list = box.matches("ol") ? box : null;
    const said = list ? list.nextElementSibling : button.form.nextElementSibling;
    job = { ...JSON.parse(box.dataset.messages), at: 0, sent: 0, list, said };
    delete box.dataset.messages;
    isPreparing = false;
    if (list) {
      release();
      get("sheet-title").focus();
    } else box.remove();
    run();
  });

  on("htmx:finally:request", ({ detail: { ctx } }) => {
    const { sourceElement: form, response } = ctx;
    if (form.matches?.(".bk-sender")) {
      if (isPreparing && form.contains(button)) release();
      isPreparing = false;
      get("notice").firstElementChild?.scrollIntoView({ block: "nearest" });
    }
    if (form.matches?.(".bk-star") && !response?.raw.ok) form.ariaPressed = String(form.ariaPressed !== "true");
  });

  on("click", (event) => {
    const unfit = event.target.closest(".bk-sender [aria-disabled]");
    if (unfit) {
      event.preventDefault();
      unfit.form.nextElementSibling.hidden = false;
    }
    if (event.target.closest("[data-clears]")) get("library-search").value = "";
    const choice = event.target.closest("[data-choice]")?.dataset.choice;
    if (choice === "stop") {
      job.isStopped = true;
      tell("stopping");
    } else if (choice) {
      if (choice === "skip") {
        mark("skipped");
        job.at += 1;
      }
      run();
    }
  });

  // Whoever closes the sheet has seen enough; and with the chat everything ends.
  get("sheet-box").addEventListener("close", () => {
    if (!job?.list) return;
    job.isStopped = true;
    if (!job.isGoing) record();
  });
  on("banke:turn", () => { if (job) job.isStopped = job.isTurned = true; });
  window.addEventListener("pagehide", () => job && record());

  // The list by keys: / and the arrows lead to the search and from button to button, Enter sends.

  const STEPS = { ArrowDown: 1, ArrowUp: -1 };

  on("keydown", (event) => {
    const search = get("library-search");
    const { key, target } = event;
    if (!search || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || get("sheet-box").open) return;
    const isHere = target === search || Boolean(target.closest(".bk-item"));
    if (key === "/" && !target.matches("input, textarea")) search.select();
    else if (key === "Escape" && isHere) {
      search.value = "";
      search.dispatchEvent(new Event("input", { bubbles: true }));
      search.focus();
    } else if (key in STEPS && isHere) {
      const stops = [search, ...document.querySelectorAll(".bk-item .bk-send")];
      const here = stops.findIndex((stop) => stop === target || stop.closest(".bk-item")?.contains(target));
      stops[here + STEPS[key]]?.focus();
    } else return;
    event.preventDefault();
  });

  // What is still being composed is no word yet.
  on("input", (event) => {
    if (event.target === get("library-search") && event.isComposing) event.stopPropagation();
  }, true);
  on("compositionend", ({ target }) => {
    if (target === get("library-search")) target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Where there is a keyboard, the search has it.
  let seen = null;
  function welcome() {
    const search = get("library-search");
    if (search && search !== seen && matchMedia("(pointer: fine)").matches) search.focus({ preventScroll: true });
    seen = search;
  }
  on("htmx:after:swap", welcome);
  welcome();
})();
