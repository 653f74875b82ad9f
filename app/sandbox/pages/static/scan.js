// A customer scans a member's code: somebody new, or one who comes back.

import { act } from "./api.js";
import { h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { holdPhone, loadChats, openChat } from "./loads.js";
import { choiceField, openField, openSheet, textField } from "./sheet.js";
import { set, state, until } from "./store.js";
import { either, t } from "./text.js";
import { attempt, toast } from "./toast.js";

// Syllables for names of nobody.
const FAMILY = [..."林陈周吴郑孙何许沈韩杨朱秦尤许施张孔曹严金魏陶姜"];
const GIVEN = [
  "小满",
  "知夏",
  "以宁",
  "向晚",
  "听雨",
  "南星",
  "初九",
  "望舒",
  "拾光",
  "若水",
  "砚秋",
  "望北",
  "佳期",
  "清和",
  "念慈",
  "云开",
  "见月",
  "青禾",
];
const GIVEN_EN = ["Robin", "Alex", "Sam", "Jules", "Kim", "Noor", "Sasha", "Remy"];
const FAMILY_EN = ["Fernsby", "Whitlow", "Marrow", "Ashdown", "Quill", "Harrow", "Linden", "Pell"];

// How long the welcome is waited for before the chat opens without it, and a breath after it.
const GREETED_MS = 2000;
const MOMENT_MS = 350;

const any = (list) => list[Math.floor(Math.random() * list.length)];

/** A name that nobody has. */
export function inventName() {
  return state.language === "en" ? `${any(GIVEN_EN)} ${any(FAMILY_EN)}` : any(FAMILY) + any(GIVEN);
}

/** Members who may have customers, the one who plays first. */
function hosts() {
  const able = state.members.filter((member) => member.has_external !== false);
  const mine = able.filter((member) => member.userid === state.me?.userid);
  return [...mine, ...able.filter((member) => !mine.includes(member))];
}

const memberOptions = () =>
  hosts().map((one) => [one.userid, [one.name, one.department, one.position].filter(Boolean).join(" · ")]);
const channelOptions = () => state.offers.channels.map((one) => [one.state, either(one.name, one.name_en)]);

/** The channel that a scan begins with: the first that is one. */
function firstChannel() {
  return (state.offers.channels.find((one) => one.state) || { state: "" }).state;
}

/** Ask how the customer comes, then let him. `customer`: one who has been here before. */
export function scanSheet(customer = null) {
  if (!state.me) return;
  const name = inventName();
  const kinds = [
    ["wechat", t("kind_wechat")],
    ["wecom", t("kind_wecom")],
    ["half", t("kind_half")],
  ];
  const poster = h(
    "div",
    { class: "scan-poster" },
    h("span", { class: "scan-code", "aria-hidden": "true" }, icon(ICONS.corners, { size: 44 })),
    h("p", { text: t(customer ? "scan_lead_again" : "scan_lead", { name: customer?.name || "" }) }),
  );
  const body = [
    poster,
    !customer && nameField(name),
    choiceField(
      "userid",
      t("scan_member"),
      memberOptions(),
      state.phone && customer ? state.phone.userid : state.me.userid,
    ),
    choiceField("state", t("scan_channel"), channelOptions(), firstChannel()),
    !customer && kindField(kinds),
    customer && h("p", { class: "sheet-lead", text: t("scan_again_soon") }),
  ];
  const title = t(customer ? "scan_again" : "scan_new");
  openSheet(title, body.filter(Boolean), { label: t("scan_now"), done: (values) => scan(values, customer) });
}

/** The kinds of customers, and what is to be known of the one that is chosen. */
function kindField(kinds) {
  const hint = h("p", { class: "sheet-lead", role: "status", data: { hook: "kind-hint" } });
  const field = openField("kind", t("scan_kind"), kinds, ["wechat"]);
  field.addEventListener("change", (event) => {
    hint.textContent = event.target.value === "wecom" ? t("kind_wecom_hint") : "";
  });
  field.append(hint);
  return field;
}

function nameField(name) {
  const field = textField("name", t("scan_name"), name, { maxlength: 40, required: true });
  const input = field.querySelector("input");
  const other = h(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": t("another_name"),
      title: t("another_name"),
      onclick: () => (input.value = inventName()),
    },
    icon(ICONS.again, { size: 16 }),
  );
  return h("div", { class: "field-row scan-name" }, field, other);
}

async function scan(values, customer) {
  const userid = values.get("userid");
  const kind = values.get("kind");
  const details = customer
    ? { userid, external_userid: customer.external_userid, state: values.get("state") }
    : {
        userid,
        name: values.get("name").trim(),
        state: values.get("state"),
        half: kind === "half",
        wecom: kind === "wecom",
      };
  const answer = await attempt(() => act("customer_scans", details));
  if (!answer) return;
  const id = answer.result.external_userid;
  const member = state.members.find((one) => one.userid === userid)?.name || userid;
  toast(t("did_scan", { name: customer?.name || details.name, member }));
  set({ steps: { ...state.steps, scanned: true }, tab: "phone" });
  await attempt(async () => {
    await holdPhone(id, userid);
    if (userid !== state.me.userid) return loadChats();
    // A member opens a chat some moments after the customer came, when the server knows of it too.
    await until(["rows"], () => greeted(answer.result.seq), GREETED_MS);
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
    await loadChats();
    // Whoever comes back may stand in the open chat already; its page is older than his return.
    set({ frame: { ...state.frame, turn: state.frame.turn + 1 } });
    return openChat("customer", id);
  });
}

const greeted = (seq) => state.rows.welcome.some((row) => row.event_id === seq);
