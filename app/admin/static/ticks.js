// A box that ticks all boxes of a form: hidden where no script runs, since it could do nothing.
(() => {
  "use strict";

  const boxesOf = (head) =>
    [...document.querySelectorAll(`input[type=checkbox][form="${head.dataset.ticks}"]`)];

  function show(head) {
    const boxes = boxesOf(head);
    const ticked = boxes.filter((box) => box.checked).length;
    head.hidden = boxes.length === 0;
    head.checked = boxes.length > 0 && ticked === boxes.length;
    head.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  const showAll = () => document.querySelectorAll("[data-ticks]").forEach(show);

  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-ticks]")) {
      for (const box of boxesOf(target)) box.checked = target.checked;
    }
    showAll();
  });
  document.addEventListener("htmx:after:swap", showAll);
  showAll();
})();
