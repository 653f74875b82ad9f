// Files on their way to the server, in pieces: it takes no long request from anybody.
globalThis.bankePieces = (() => {
  "use strict";

  const PIECE = 48 * 1024;
  const PAUSES_MS = [0, 1000, 2000, 4000];

  // Post fields to an action beside the form's own; what the server has against it is the error's words.
  async function post(form, action, fields) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf_token: form.elements.csrf_token.value, ...fields })) body.append(name, value);
    for (const pause of PAUSES_MS) {
      await new Promise((go) => { setTimeout(go, pause); });
      const answer = await fetch(new URL(action, form.action), { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => null);
      if (!answer?.headers.has("Banke")) continue;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (answer.ok) return page;
      throw new Error(page.textContent.trim());
    }
    throw new Error("");
  }

  // Send a file and return the key of its upload; `told` is given the share that is there.
  async function send(form, file, kind, told) {
    const key = `${Date.now()}-${Math.random()}`;
    const count = Math.ceil(file.size / PIECE) || 1;
    for (let n = 0; n < count; n += 1) {
      await post(form, "piece", { key, kind, filename: file.name, size: file.size, n, data: file.slice(n * PIECE, (n + 1) * PIECE) });
      told((n + 1) / count);
    }
    return key;
  }

  return { PIECE, post, send };
})();
