// Sheets: whatever is swapped into #sheet comes up from below. It goes with its cross, with Esc, with
// a tap beside it, when nothing is swapped into it, and when another chat comes up.
(() => {
  "use strict";

  const box = document.getElementById("sheet-box");
  const content = document.getElementById("sheet");
  // Over a sheet nothing else of the page is seen: these two come along into it, and go back.
  const guests = ["notice", "toast"].map((id) => document.getElementById(id));
  const places = guests.map((guest) => [guest.parentNode, guest.nextSibling]);

  function show() {
    if (!content.firstElementChild) close();
    if (box.open || !content.firstElementChild) return;
    box.append(...guests);
    if (box.showModal) box.showModal();
    else box.setAttribute("open", "");
    (content.querySelector("[data-first]") || content.querySelector("#sheet-title"))?.focus();
  }

  function leave() {
    guests.forEach((guest, number) => places[number][0].insertBefore(guest, places[number][1]));
    content.replaceChildren();
  }

  function close() {
    if (box.open && box.close) box.close();
    else if (box.open) {
      box.removeAttribute("open");
      leave();
    }
  }

  box.addEventListener("close", leave);
  box.addEventListener("click", (event) => {
    if (event.target === box) close();
    else if (event.target.closest("[data-closes-sheet]")) {
      event.preventDefault();
      close();
    }
  });
  document.addEventListener("htmx:after:swap", show);
  document.addEventListener("banke:sheet", show);
  document.addEventListener("banke:turn", close);
})();
