// Building blocks of the page: elements from data, lists that change without losing their place.
// Data becomes text nodes and attributes only; nothing here reads HTML out of a string.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. `props`: class, text, on… listeners, data (object), anything else an attribute. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  setProps(element, props);
  const shown = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...shown.map((child) => (child instanceof Node ? child : plain(child))));
  return element;
}

function setProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = plain(value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

// Marks that turn the direction of a text: a name with one would turn the words around it, too.
const TURNING = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g;

/** Return a text without marks that would turn its surroundings. */
export function plain(text) {
  return String(text).replace(TURNING, "");
}

/** Make an icon out of path data; it is decoration and hidden from readers. */
export function icon(paths, { size = 18, filled = false } = {}) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  svg.setAttribute("class", filled ? "icon icon-filled" : "icon");
  for (const path of [paths].flat()) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
  }
  return svg;
}

/**
 * Bring the children of `parent` into line with `items`. A child whose key and version are the same
 * stays the very same node, so that focus, selection and scrolling survive.
 */
export function keep(parent, items, { key, version = JSON.stringify, make }) {
  const focused = parent.contains(document.activeElement) ? focusPath(document.activeElement) : null;
  const wanted = new Set(items.map((item) => String(key(item))));
  for (const child of [...parent.children]) if (!wanted.has(child.dataset.key)) child.remove();
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const now = String(version(item));
    let child = known.get(name);
    if (!child || child.keptVersion !== now) {
      const fresh = make(item, child);
      fresh.dataset.key = name;
      fresh.keptVersion = now;
      if (child) {
        if (place === child) place = fresh;
        child.replaceWith(fresh);
      }
      child = fresh;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  if (focused && !parent.contains(document.activeElement)) refocus(parent, focused);
}

function focusPath(element) {
  const row = element.closest("[data-key]");
  return row && { key: row.dataset.key, part: element.dataset.part || "" };
}

function refocus(parent, { key, part }) {
  const row = [...parent.children].find((child) => child.dataset.key === key);
  const target =
    row && (row.querySelector(`[data-part="${part}"]`) || row.querySelector("button, a, [tabindex]") || row);
  if (target) target.focus({ preventScroll: true });
}

/** Find one element that the template promises. */
export function find(selector, root = document) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Run `work` once, a moment after the last of many calls. */
export function soon(work, ms = 60) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
}

/** Copy a text; tell whether it went. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
