// Letter tiles in place of pictures: the same colour for the same id, so that nothing is fetched.

import { h, icon } from "./dom.js";
import { ICONS } from "./icons.js";

// As many as the server's card has, and chosen in the same way, so that both show the same tile.
const COLOURS = 6;
const POLYNOMIAL = 0xedb88320;

/** CRC-32 of a text. */
function crc32(text) {
  let value = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

/** The letter of a name: the first that is one, else the first character. */
function letter(name) {
  const characters = [...name.trim()];
  const first = characters.find((character) => /[\p{L}\p{N}]/u.test(character)) || characters[0] || "?";
  return [...first.toUpperCase()][0];
}

/** A person's tile. */
export function avatar(id, name, size = "") {
  return h("span", {
    class: `avatar colour-${crc32(id) % COLOURS} ${size}`,
    "aria-hidden": "true",
    text: letter(name || "?"),
  });
}

/** A group's tile: four small ones. */
export function groupAvatar(id) {
  const tiles = [0, 1, 2, 3].map((number) =>
    h("i", { class: `colour-${(crc32(id) + number) % COLOURS}` }),
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
