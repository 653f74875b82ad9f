// Dark or light: as was chosen here, else as the system is. Runs before the first paint.
(() => {
  "use strict";

  const root = document.documentElement;
  if (root.hasAttribute("data-chosen")) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", () => root.hasAttribute("data-chosen") || follow());
})();
