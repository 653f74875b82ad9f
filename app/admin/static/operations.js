// What the pages of operations do by script: a list that is on its way says so.
(() => {
  "use strict";

  const SLOW_MS = 300;

  function mark(event) {
    const source = event.target.closest("form[data-loads], a[data-loads]");
    const list = source && document.getElementById(source.dataset.loads);
    if (!list || event.ctrlKey || event.metaKey || event.shiftKey) return;
    list.setAttribute("aria-busy", "true");
    setTimeout(() => list.classList.add("ad-slow"), SLOW_MS);
  }

  document.addEventListener("submit", mark);
  document.addEventListener("click", (event) => event.target.closest("a[data-loads]") && mark(event));
  // A page that comes back out of the browser's memory waits for nothing any more.
  addEventListener("pageshow", () => {
    for (const list of document.querySelectorAll("[aria-busy]")) {
      list.removeAttribute("aria-busy");
      list.classList.remove("ad-slow");
    }
  });
})();
