// Two plain logs: calls of the JS-SDK in the sidebar, and calls of WeCom's API by the server.

import { h, keep } from "./dom.js";
import { newestOnly } from "./events.js";
import { on, state } from "./store.js";
import { clockTime, duration, t } from "./text.js";

/** The log of the JS-SDK. */
export function sdkPane(pane) {
  logPane(pane, { kind: "sdk", lead: "sdk_lead", none: "no_sdk", line: sdkLine });
}

/** The log of the API. */
export function callPane(pane) {
  logPane(pane, { kind: "call", lead: "calls_lead", none: "no_calls", line: callLine });
}

function logPane(pane, { kind, lead, none, line }) {
  const list = h("div", {
    class: "pane-scroll",
    tabindex: "0",
    role: "region",
    "aria-label": t(lead),
    data: { hook: `log-${kind}` },
  });
  pane.append(h("div", { class: "pane-tools" }, h("span", { text: t(lead) }), newestOnly(kind)), list);
  const draw = () => {
    const rows = [...state.rows[kind]].reverse();
    keep(list, rows.length ? rows : [{ seq: "none" }], {
      key: (row) => row.seq,
      version: (row) => JSON.stringify([row.errcode, row.err_msg, row.state, row.ms]),
      make: (row) =>
        row.seq === "none"
          ? h("div", { class: "empty" }, h("b", { text: t(none) }), t(`${none}_next`))
          : line(row),
    });
  };
  on("rows", draw);
  draw();
}

function row(kind, parts, data) {
  return h("div", { class: `row row-${kind}`, data }, h("div", { class: "row-head" }, parts));
}

function sdkLine(one) {
  const ok = /:ok$/.test(one.err_msg);
  const where = pathOf(one.page);
  return row(
    "sdk",
    [
      h("span", { class: "row-time", text: clockTime(one.at, true) }),
      h("span", { class: "row-what" }, h("b", { class: "wire", text: one.name })),
      h("span", { class: "row-who wire", text: where, title: where }),
      h(
        "span",
        { class: "row-came" },
        h("span", { class: `badge ${ok ? "badge-green" : "badge-red"}`, text: one.err_msg }),
      ),
      h("span", { class: "row-ms", text: duration(one.ms) }),
    ],
    { hook: "sdk", name: one.name, ok: String(ok) },
  );
}

function pathOf(page) {
  try {
    return new URL(page).pathname;
  } catch {
    return String(page ?? "");
  }
}

function callLine(one) {
  const said = one.errcode ?? (one.state === "answered" ? one.status : null);
  const ok = one.errcode === 0 || (one.errcode === null && one.status === 200);
  const text =
    said === null ? t(`call_${one.state}`) : one.errcode === null ? `HTTP ${said}` : `errcode ${said}`;
  const looks = said === null ? "badge" : ok ? "badge-green" : "badge-red";
  return row(
    "call",
    [
      h("span", { class: "row-time", text: clockTime(one.at, true) }),
      h("span", { class: "row-what" }, h("b", { class: "wire", text: one.api })),
      h("span", { class: "row-who wire", text: one.ip ? t("call_from", { ip: one.ip }) : "" }),
      h("span", { class: "row-came" }, h("span", { class: `badge ${looks}`, text })),
      h("span", { class: "row-ms", text: duration(one.ms) }),
    ],
    { hook: "call", api: one.api, ok: String(ok) },
  );
}
