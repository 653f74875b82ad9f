// The profile's own script. Everything works without it; it adds the look of a tap before the
// server has answered, the order of what is done quickly, and arrow keys in the row of stages.
(() => {
  "use strict";

  const rows = () => document.querySelectorAll(".bk-stages__row");
  const stagesOf = (row) => [...row.querySelectorAll(".bk-stage")];
  const pressedOf = (row) => row.querySelector('.bk-stage[aria-pressed="true"]');

  // One stop for the tab key, at the chosen stage; the arrows lead to the others.
  function arrange() {
    for (const row of rows()) {
      const current = row.querySelector(".bk-stage:focus") || pressedOf(row) || stagesOf(row)[0];
      for (const stage of stagesOf(row)) stage.tabIndex = stage === current ? 0 : -1;
      const pressed = pressedOf(row);
      if (pressed) show(row, pressed);
    }
    for (const image of document.querySelectorAll(".bk-avatar__image")) {
      if (image.complete && image.naturalWidth === 0) image.hidden = true;
    }
  }

  function show(row, stage) {
    const middle = stage.offsetLeft + stage.offsetWidth / 2 - row.clientWidth / 2;
    if (stage.offsetLeft < row.scrollLeft || stage.offsetLeft + stage.offsetWidth > row.scrollLeft + row.clientWidth) {
      row.scrollLeft = middle;
    }
  }

  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.(".bk-stages__row");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const stages = stagesOf(row);
    const here = stages.indexOf(event.target.closest(".bk-stage"));
    let next;
    if (event.key in STEPS) next = (here + STEPS[event.key] + stages.length) % stages.length;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = stages.length - 1;
    else return;
    event.preventDefault();
    stages.forEach((stage, number) => { stage.tabIndex = number === next ? 0 : -1; });
    stages[next].focus();
    show(row, stages[next]);
  });

  // The tap shows at once and is taken back when the server did not take it: whatever is not its
  // answer to the tap. What went wrong, the frame says.
  function press(row, stage) {
    for (const one of stagesOf(row)) one.setAttribute("aria-pressed", String(one === stage));
  }

  const before = new WeakMap();
  const isAnswer = ({ status, response }) => status === "swapped" && (response.raw.ok || [409, 422].includes(response.status));

  document.addEventListener("htmx:before:request", (event) => {
    const { sourceElement: form, request } = event.detail.ctx;
    const row = form.matches?.(".bk-stages") && form.querySelector(".bk-stages__row");
    const tapped = request.submitter;
    if (!row || !tapped?.matches(".bk-stage")) return;
    before.set(form, pressedOf(row));
    row.setAttribute("aria-busy", "true");
    press(row, tapped);
  });

  document.addEventListener("htmx:finally:request", (event) => {
    const { sourceElement: form } = event.detail.ctx;
    const row = before.has(form) && form.querySelector(".bk-stages__row");
    if (!row) return;
    row.removeAttribute("aria-busy");
    if (!isAnswer(event.detail.ctx)) press(row, before.get(form));
    before.delete(form);
  });

  // An answer shows the profile as it was then, so what is done on it goes to the server in the order
  // in which it was done, each when the one before it is shown: an older picture never comes last.
  const finish = new WeakMap();
  let ahead = Promise.resolve();

  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.request.method !== "POST" || !ctx.request.action.includes("/profile/")) return;
    const turn = ahead;
    ahead = new Promise((done) => finish.set(ctx, done));
    ctx.fetch = async (...request) => {
      await turn;
      return fetch(...request);
    };
  });
  document.addEventListener("htmx:finally:request", (event) => finish.get(event.detail.ctx)?.());

  document.addEventListener("error", (event) => {
    if (event.target.matches?.(".bk-avatar__image")) event.target.hidden = true;
  }, true);

  document.addEventListener("htmx:after:settle", arrange);
  // A pipeline that is opened has a width only now.
  document.addEventListener("toggle", arrange, true);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrange);
  else arrange();
})();
