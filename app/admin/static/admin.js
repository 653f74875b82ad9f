// What the pages of the admin web do by script: the colours, the narrow menu, and login links.
(() => {
  "use strict";

  const root = document.documentElement;
  const button = document.querySelector("[data-theme-button]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
      root.setAttribute("data-bs-theme", next);
      root.setAttribute("data-chosen", "");
      document.cookie = `banke_theme=${next}; path=/admin; max-age=31536000; samesite=lax`;
    });
  }

  // Where the page is narrow, its menu is folded above it.
  const menu = document.querySelector("[data-menu-button]");
  menu?.addEventListener("click", () => {
    const isOpen = menu.closest(".ad-side").classList.toggle("ad-side--open");
    menu.setAttribute("aria-expanded", String(isOpen));
  });

  // A login link carries its token behind the #, which no server and no log ever sees.
  const box = document.querySelector("[data-link-box]");
  if (box && location.hash.startsWith("#link=")) {
    const field = box.querySelector("[name=link]");
    field.value = decodeURIComponent(location.hash.slice("#link=".length));
    history.replaceState(null, "", location.pathname);
    box.open = true;
    field.form.requestSubmit();
  }
})();
