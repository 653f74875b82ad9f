// Letter tiles in place of pictures: the same colour for the same id, so that nothing is fetched.

import { h, icon } from "./dom.js";
import { ICONS } from "./icons.js";

const COLOURS = 10;

/** Return a number that stays the same for an id. */
function hash(text) {
  let value = 7;
  for (const character of text) value = (value * 31 + character.codePointAt(0)) % 65521;
  return value;
}

/** The letter of a name: the last of a Chinese name, as WeCom does, else the first. */
function letter(name) {
  const characters = [...name.trim()];
  const last = characters[characters.length - 1] || "?";
  return /\p{Script=Han}/u.test(last) ? last : (characters[0] || "?").toUpperCase();
}

/** A person's tile. */
export function avatar(id, name, size = "") {
  return h("span", {
    class: `avatar colour-${hash(id) % COLOURS} ${size}`,
    "aria-hidden": "true",
    text: letter(name || "?"),
  });
}

/** A group's tile: four small ones. */
export function groupAvatar(id) {
  const tiles = [0, 1, 2, 3].map((number) =>
    h("i", { class: `colour-${(hash(id) + number * 3) % COLOURS}` }),
  );
  return h("span", { class: "avatar avatar-group", "aria-hidden": "true" }, tiles);
}

/** The app's own tile. */
export function appAvatar(size = "") {
  return h(
    "span",
    { class: `avatar avatar-app ${size}`, "aria-hidden": "true" },
    icon(ICONS.bell, { size: 20 }),
  );
}

/** The tile of a row of the chat list. */
export function rowAvatar(row) {
  if (row.kind === "group") return groupAvatar(row.id);
  return row.kind === "notices" ? appAvatar() : avatar(row.id, row.name);
}
