// Calls of the sandbox's own API. When the sandbox itself is gone, the page says so and keeps trying.

import { set, state } from "./store.js";
import { either, t } from "./text.js";

const BASE = "/sandbox/api";

/** The sandbox said no, in words that a person may read. */
export class Refused extends Error {}

/** The sandbox does not answer at all. */
export class Gone extends Error {}

async function call(path, options = {}) {
  let answer;
  let body = null;
  try {
    answer = await fetch(BASE + path, { cache: "no-store", ...options });
    body = await answer.json().catch(() => null);
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    if (!state.gone) set({ gone: true });
    throw new Gone(t("gone"));
  }
  if (answer.ok && body) return body;
  throw new Refused((body && either(body.error, body.error_en)) || t("refused", { status: answer.status }));
}

/** GET; `query` values that are empty are left out. */
export function get(path, query = {}, options = {}) {
  const wanted = Object.entries(query).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined,
  );
  const search = new URLSearchParams(wanted).toString();
  return call(search ? `${path}?${search}` : path, options);
}

/** POST JSON. */
export function post(path, body = {}) {
  return send("POST", path, body);
}

/** DELETE. */
export function remove(path) {
  return send("DELETE", path, {});
}

function send(method, path, body) {
  return call(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** Let a person do something. */
export function act(name, details) {
  return post(`/people/${name}`, details);
}

/** A part of an address. */
export const part = encodeURIComponent;
