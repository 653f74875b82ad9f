// Dark or light: as was chosen here, else as the system is. Runs before the first paint; what only a
// script can open again may be folded from here on.
(() => {
  "use strict";

  const root = document.documentElement;
  root.setAttribute("data-scripted", "");
  if (root.hasAttribute("data-chosen")) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", () => root.hasAttribute("data-chosen") || follow());
})();
