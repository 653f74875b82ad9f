// The editor of a welcome script, besides what editor.js does: time windows are added, and what is
// typed is kept by htmx (side.html).
(() => {
  "use strict";

  const form = document.getElementById("edit-form");
  const windows = document.getElementById("windows");
  if (!form || !windows) return;

  const addWindow = form.querySelector("[data-add-window]");

  // Before htmx hears of it: of two that are under way, the later one counts.
  const count = () => { form.elements.typed.value = Date.now(); };
  for (const name of ["input", "banke:changed"]) document.addEventListener(name, count, true);

  function arrange() {
    addWindow.hidden = windows.children.length >= windows.dataset.most;
  }

  arrange();

  // The first number that no window has.
  function addOneWindow() {
    const taken = [...windows.querySelectorAll("[type=time]")].map((one) => one.name);
    const n = [...Array(Number(windows.dataset.most)).keys()].find((one) => !taken.includes(`w${one}_from`));
    const item = document.getElementById("new-window").content.cloneNode(true);
    for (const one of item.querySelectorAll("[name], [id], [for]")) {
      for (const name of ["name", "id", "for"]) {
        if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace("wN", `w${n}`));
      }
    }
    windows.append(item);
    windows.lastElementChild.querySelector("[type=time]").focus();
  }

  form.addEventListener("click", ({ target }) => {
    const button = target.closest("button[type=button]");
    if (!button) return;
    if ("addWindow" in button.dataset) addOneWindow();
    else if ("removeWindow" in button.dataset) {
      button.closest("li").remove();
      addWindow.focus();
    } else return;
    arrange();
    document.body.dispatchEvent(new Event("banke:changed"));
  });
})();
