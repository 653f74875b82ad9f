// The toast: it goes away by itself, and stays while somebody points at it or is in it.
(() => {
  "use strict";

  const TOAST_MS = 8000;
  const toast = document.getElementById("toast");
  let timer = 0;
  let home = "#panel";
  let last = null;

  function rest() {
    clearTimeout(timer);
    const isHeld = toast.matches(":hover") || toast.contains(document.activeElement);
    if (toast.firstElementChild && !isHeld) timer = setTimeout(() => toast.replaceChildren(), TOAST_MS);
  }

  new MutationObserver(() => {
    rest();
    home = toast.querySelector("[data-home]")?.dataset.home || home;
    // Whoever pressed a button that is gone goes on from what it was about.
    if (last && !last.isConnected && document.activeElement === document.body) {
      document.querySelector(home)?.focus({ preventScroll: true });
    }
  }).observe(toast, { childList: true });
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => setTimeout(rest, 0));
  document.addEventListener("focusin", (event) => { last = event.target; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") toast.replaceChildren(); });
})();
