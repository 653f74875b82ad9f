// Remark, description and tags. All of it works without this script; it adds the search, the look of a tap before
// the server has answered, and where the keyboard goes.
(() => {
  "use strict";

  const get = (id) => document.getElementById(id);

  function leave(details) {
    details.open = false;
    details.querySelector("summary").focus();
  }

  document.addEventListener("toggle", ({ target }) => {
    if (target.matches?.(".bk-remark") && target.open) target.querySelector(".bk-input").select();
  }, true);
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.(".bk-remark__form");
    if (!form || event.key !== "Escape" || event.isComposing) return;
    form.reset();
    leave(form.closest("details"));
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest(".bk-header__name") && get("remark-edit")) get("remark-edit").open = true;
  });

  const press = (chip, name) => chip?.setAttribute("aria-pressed", String(chip.name === name));

  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement.id === "tag-form") press(ctx.request.submitter, "add");
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const { sourceElement: { id }, request: { submitter }, response } = ctx;
    if (id === "tag-form" && !response?.raw.ok) press(submitter, "remove");
    if (id !== "remark-form" && id !== "description-form") return;
    // Whoever has not gone elsewhere goes on from what he wrote: the form is out of sight.
    const details = get(id.replace("form", "edit"));
    const here = document.activeElement;
    if (details && !details.open && (here === document.body || details.contains(here))) leave(details);
  });

  document.addEventListener("htmx:after:swap", () => get("tag-search")?.removeAttribute("hidden"));
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "tag-search") return;
    const wanted = target.value.trim().toLowerCase();
    let found = false;
    for (const group of document.querySelectorAll("#tag-form .bk-tag-group")) {
      const chips = [...group.querySelectorAll(".bk-chip")];
      for (const chip of chips) chip.hidden = !chip.textContent.toLowerCase().includes(wanted);
      group.hidden = chips.every((chip) => chip.hidden);
      group.dataset.open ??= group.open;
      group.open = wanted || group.dataset.open === "true";
      found ||= !group.hidden;
    }
    get("tag-none").hidden = found;
  });
})();
