// Keys for the whole card: digits lead to its tabs, ? tells which keys there are.
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const isTyping = target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (isTyping || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.getElementById("sheet-box").open) return;
    if (key === "?") {
      document.getElementById("sheet").replaceChildren(document.getElementById("keys").content.cloneNode(true));
      document.dispatchEvent(new Event("banke:sheet"));
    } else {
      const tab = document.querySelectorAll(".bk-tabs:not([hidden]) [data-panel]")[key - 1];
      if (!tab) return;
      tab.click();
    }
    event.preventDefault();
  });
})();
