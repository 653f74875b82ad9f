// A long file on its way to the reader: the page says how far it is, and that it came whole.
(() => {
  "use strict";

  const form = document.getElementById("export");
  if (!form) return;

  const told = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
  const say = (bytes) => { told.textContent = form.dataset.busy.replace("{size}", size(bytes)); };

  async function receive(answer) {
    const parts = [];
    const reader = answer.body.getReader();
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts, { type: answer.headers.get("Content-Type") });
      parts.push(value);
      bytes += value.length;
      say(bytes);
    }
  }

  function keep(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => { URL.revokeObjectURL(link.href); }, 60_000);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    say(0);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const name = /filename\*=UTF-8''(.+)/.exec(answer.headers.get("Content-Disposition") ?? "");
      if (name) {
        keep(await receive(answer), decodeURIComponent(name[1]));
        told.textContent = form.dataset.done;
      } else if (answer.ok && answer.redirected) {
        // He has to say once more who he is.
        location.assign(answer.url);
      } else {
        told.textContent = form.dataset.gone;
      }
    } catch {
      told.textContent = form.dataset.gone;
    }
    button.disabled = false;
    form.removeAttribute("aria-busy");
  });
})();
