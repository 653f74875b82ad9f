// A spreadsheet that is too long for one request goes in pieces, and the form names them.
(() => {
  "use strict";

  const form = document.getElementById("sheet-form");
  if (!form) return;

  const [bar, fault] = ["progress", "[role=alert]"].map((one) => form.querySelector(one));

  form.addEventListener("submit", async (event) => {
    const field = form.elements.file;
    const [file] = field.files;
    const { most, unfit, gone } = form.dataset;
    fault.textContent = "";
    if (!file || file.size <= bankePieces.PIECE) return;
    event.preventDefault();
    if (file.size > most) {
      fault.textContent = unfit;
      return;
    }
    bar.hidden = false;
    form.setAttribute("aria-busy", "true");
    try {
      form.elements.key.value = await bankePieces.send(form, file, "file", (share) => { bar.value = share; });
      // It is there already.
      field.disabled = true;
      form.submit();
    } catch (error) {
      fault.textContent = error.message || gone;
    }
    bar.hidden = true;
    form.removeAttribute("aria-busy");
  });
  // A page that comes back out of the browser's memory can be sent again.
  addEventListener("pageshow", () => {
    form.elements.file.disabled = false;
    form.elements.key.value = "";
  });
})();
