// The page 体检: a few checks at a time ask for themselves, and the end is said; buttons that copy.
(() => {
  "use strict";

  // Each holds one of the server's threads as long as WeCom takes to answer.
  const AT_ONCE = 4;
  const COPIED_MS = 2000;
  const verdict = document.getElementById("verdict");

  function say(check, name) {
    const place = check.querySelector("[data-progress]");
    if (place) place.textContent = place.dataset[name];
  }

  function goOn() {
    // Those that ask WeCom come last: where it is slow, they all wait for the same answer.
    const ours = [...document.querySelectorAll("[data-check]:not([data-asked], [data-asks-wecom])")];
    const theirs = document.querySelectorAll("[data-check][data-asks-wecom]:not([data-asked])");
    const waiting = [...ours, ...theirs];
    const asked = document.querySelectorAll("[data-check][data-asked]").length;
    for (const check of waiting.slice(0, Math.max(0, AT_ONCE - asked))) {
      check.setAttribute("data-asked", "");
      say(check, "asking");
      check.dispatchEvent(new CustomEvent("banke:check"));
    }
    if (!waiting.length && !asked) conclude();
  }

  function conclude() {
    const checks = document.getElementById("checks");
    if (!verdict || !checks?.querySelector("[data-mark]")) return;
    const bad = checks.querySelectorAll("[data-mark=bad], [data-failed-check]").length;
    const said = bad ? verdict.dataset.bad.replace("%n", bad) : verdict.dataset.well;
    if (verdict.textContent !== said) verdict.textContent = said;
  }

  function fail(check) {
    if (!check?.matches?.("[data-check]")) return;
    check.removeAttribute("data-check");
    check.setAttribute("data-failed-check", "");
    say(check, "failed");
  }

  function showCopyButtons() {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  }

  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement?.matches("form") && verdict) verdict.textContent = "";
  });
  document.addEventListener("htmx:response:error", ({ detail }) => fail(detail.ctx?.sourceElement));
  document.addEventListener("htmx:error", ({ detail }) => fail(detail.ctx?.sourceElement));
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    showCopyButtons();
    if (verdict && detail.ctx.sourceEvent?.type !== "every") goOn();
  });
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    const words = button.firstChild;
    const before = words.textContent;
    await navigator.clipboard.writeText(button.parentElement.querySelector("[data-copy-text]").textContent);
    words.textContent = button.dataset.copied;
    setTimeout(() => { words.textContent = before; }, COPIED_MS);
  });
  showCopyButtons();
  conclude();
})();
