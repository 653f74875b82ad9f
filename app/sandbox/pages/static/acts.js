// What the two people of a chat can do to one another besides writing. Each ends in a toast.

import { act } from "./api.js";
import { h } from "./dom.js";
import { loadChat, loadChats, loadOffers, loadPhone } from "./loads.js";
import { renewCard } from "./renew.js";
import { scanSheet } from "./scan.js";
import { choiceField, openField, openSheet, textField } from "./sheet.js";
import { openCustomer, state } from "./store.js";
import { t } from "./text.js";
import { attempt, toast } from "./toast.js";

const nameOf = (userid) => state.members.find((one) => one.userid === userid)?.name || userid;

/** What the member can do with the customer whose chat is open. */
export function memberActs() {
  const relation = state.chat?.relation;
  const known = Boolean(relation) && relation.bond !== "none" && !relation.deleted;
  return [
    { name: "act_remark", icon: "edit", run: remark, off: !known },
    { name: "act_tags", icon: "tag", run: tags, off: !known },
    { name: "act_transfer", icon: "transfer", run: transfer, off: !known },
    { name: "act_delete_customer", icon: "remove", run: deleteCustomer, off: !known, danger: true },
  ];
}

/** What the customer can do, on his phone, about the member whose chat is on the screen. */
export function customerActs(screen) {
  return [
    { name: "act_scan_again", icon: "scan", run: () => scanSheet(screen.customer) },
    { name: "act_groups", icon: "groups", run: () => groups(screen.customer) },
    {
      name: "act_delete_member",
      icon: "remove",
      run: () => deleteMember(screen),
      off: !screen.friend,
      danger: true,
    },
  ];
}

/** Do it, tell it, and show what it changed. */
async function perform(name, details, told) {
  const answer = await attempt(() => act(name, details));
  if (!answer) return;
  toast(told);
  await attempt(() => Promise.all([loadChats(), loadChat(), loadPhone()]));
  await renewCard([answer.result].flat(), [details.external_userid, details.chat_id, ...(details.who || [])]);
}

function deleteMember({ customer, of }) {
  const { external_userid, name } = customer;
  return perform(
    "customer_deletes_member",
    { userid: of.userid, external_userid },
    t("did_delete_member", { name, member: nameOf(of.userid) }),
  );
}

function deleteCustomer() {
  const name = state.chat.customer.name;
  return perform(
    "member_deletes_customer",
    { userid: state.me.userid, external_userid: openCustomer() },
    t("did_delete_customer", { name, member: state.me.name }),
  );
}

function remark() {
  const { relation, customer } = state.chat;
  const body = [
    textField("remark", t("remark"), relation.remark || "", { maxlength: 20, placeholder: customer.name }),
    textField("description", t("description"), relation.description || "", {
      maxlength: 150,
      "data-first": null,
    }),
  ];
  const done = (values) =>
    perform(
      "member_edits_remark",
      {
        userid: state.me.userid,
        external_userid: customer.external_userid,
        remark: values.get("remark").trim(),
        description: values.get("description").trim(),
      },
      t("did_remark", { name: customer.name }),
    );
  openSheet(t("act_remark"), body, { label: t("save"), done });
}

function tags() {
  const { relation, customer } = state.chat;
  const had = relation.tag_ids || [];
  const body = state.offers.tags.map((group) =>
    openField(
      "tag",
      group.group_name,
      group.tags.map((tag) => [tag.id, tag.name]),
      had,
      "checkbox",
    ),
  );
  const done = (values) => {
    const chosen = values.getAll("tag");
    return perform(
      "member_marks_tags",
      {
        userid: state.me.userid,
        external_userid: customer.external_userid,
        add: chosen.filter((id) => !had.includes(id)),
        remove: had.filter((id) => !chosen.includes(id)),
      },
      t("did_tags", { name: customer.name }),
    );
  };
  openSheet(t("act_tags"), body.length ? body : [h("p", { text: t("no_tags") })], { label: t("save"), done });
}

function transfer() {
  const { customer } = state.chat;
  const others = state.members.filter((one) => one.userid !== state.me.userid && one.has_external !== false);
  const body = [
    h("p", { class: "sheet-lead", text: t("transfer_lead", { name: customer.name }) }),
    choiceField(
      "takeover",
      t("transfer_to"),
      others.map((one) => [one.userid, `${one.name} · ${one.department}`]),
      "",
    ),
    openField(
      "ends",
      t("transfer_ends"),
      [
        ["done", t("transfer_done")],
        ["customer_refused", t("transfer_refused")],
        ["customer_limit_exceed", t("transfer_full")],
      ],
      ["done"],
    ),
  ];
  const done = (values) => {
    const pair = { handover_userid: state.me.userid, external_userid: customer.external_userid };
    const ends = values.get("ends");
    const told = { name: customer.name, member: nameOf(values.get("takeover")) };
    const kept = { name: customer.name, member: state.me.name };
    if (ends === "done")
      return perform(
        "transfer_done",
        { ...pair, takeover_userid: values.get("takeover") },
        t("did_transfer", told),
      );
    return perform("transfer_refused", { ...pair, reason: ends }, t("did_not_transfer", kept));
  };
  openSheet(t("act_transfer"), body, { label: t("act_transfer"), done });
}

async function groups(customer) {
  const answer = await attempt(loadOffers);
  if (answer === null) return;
  const open = state.offers.groups.filter((group) => !group.dismissed);
  const body = [
    choiceField(
      "chat_id",
      t("group"),
      open.map((group) => [group.chat_id, group.name]),
      "",
    ),
    openField(
      "way",
      t("group_way"),
      [
        ["join", t("group_join")],
        ["leave", t("group_leave")],
      ],
      ["join"],
    ),
  ];
  const done = (values) => {
    const joins = values.get("way") === "join";
    const told = {
      name: customer.name,
      group: open.find((group) => group.chat_id === values.get("chat_id"))?.name || "",
    };
    return perform(
      joins ? "group_joined" : "group_left",
      { chat_id: values.get("chat_id"), who: [customer.external_userid] },
      t(joins ? "did_join" : "did_leave", told),
    );
  };
  openSheet(t("act_groups"), open.length ? body : [h("p", { text: t("no_groups") })], {
    label: t("do_it"),
    done,
  });
}
