/* The theme of the first visit is that of the reader's system. It stands in the head, before anything is
   drawn; the frame's pages go by the cookie. */
(() => {
  "use strict";

  if (/(^|; )sandbox_theme=/.test(document.cookie)) return;
  const theme = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
  document.cookie = `sandbox_theme=${theme}; path=/; samesite=lax`;
})();
