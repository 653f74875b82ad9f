"""Customers and what members hold about them (dww/92113, 92114, 92994, 92115, 92118)."""

from typing import Any

from app.sandbox.errors import Refused
from app.sandbox.world import Customer, Relation, World

from .call import Answer, Call, Endpoint, limit_of, read_cursor, texts, write_cursor

PAGE_DEFAULT = 50
PAGE_MOST = 100
USERS_MOST = 100
TAGS_MOST = 3000

# The longest texts of a remark, in characters.
REMARK_LIMITS = {"remark": 20, "description": 150, "remark_company": 20}


def get_follow_user_list(call: Call) -> Answer:
    """Return the visible members who have 客户联系 enabled."""
    members = call.world.members.values()
    return {
        "follow_user": [m.userid for m in members if m.has_external and call.app.sees(m.userid)]
    }


def list_customers(call: Call) -> Answer:
    """Return the customers of a member; none is 84061, as WeCom has it."""
    member = call.member(call.query.get("userid"))
    found = [relation.external_userid for relation in call.world.relations_from(member.userid)]
    if not found:
        raise Refused(84061)
    return {"external_userid": found}


def get(call: Call) -> Answer:
    """Return a customer and all visible members who follow him."""
    customer = call.customer(call.query.get("external_userid"))
    relations = call.world.followers(customer.external_userid)
    if not relations:
        raise Refused(84061)
    visible = [relation for relation in relations if call.app.sees(relation.userid)]
    if not visible:
        raise Refused(40096)
    followers = [
        _follow_info(relation) | {"tags": _tags(call.world, relation)} for relation in visible
    ]
    return {"external_contact": _external_contact(customer), "follow_user": followers}


def batch_get_by_user(call: Call) -> Answer:
    """Return the customers of up to 100 members, page by page."""
    userids = texts(call.body.get("userid_list"))
    if not 0 < len(userids) <= USERS_MOST:
        raise Refused(40031)
    members = [call.member(userid) for userid in userids]
    limit = limit_of(call.body, default=PAGE_DEFAULT, most=PAGE_MOST)
    row, position = read_cursor(call.body.get("cursor"), 2)
    page: list[Relation] = []
    for index in range(row, len(members)):
        for relation in call.world.relations_from(members[index].userid, position):
            if len(page) == limit:
                return _batch_page(call.world, page, write_cursor(index, relation.position))
            page.append(relation)
        position = 0
    return _batch_page(call.world, page, "")


def remark(call: Call) -> Answer:
    """Change what a member noted about a customer. No callback comes of it.

    All five of them empty is nothing to change, also for clearing.
    """
    fields = ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")
    if not any(call.body.get(name) for name in fields):
        raise Refused(40058, "nothing to change")
    relation = call.relation()
    for name, most in REMARK_LIMITS.items():
        if len(str(call.body.get(name, ""))) > most:
            raise Refused(40058, name)
    relation.remark = call.body.get("remark", relation.remark)
    relation.description = call.body.get("description", relation.description)
    relation.remark_corp_name = call.body.get("remark_company", relation.remark_corp_name)
    if "remark_mobiles" in call.body:
        mobiles = texts(call.body["remark_mobiles"])
        relation.remark_mobiles = [mobile for mobile in mobiles if mobile]
    return {}


def mark_tag(call: Call) -> Answer:
    """Mark a customer with corp tags, for one member. No callback comes of it."""
    add, remove = texts(call.body.get("add_tag")), texts(call.body.get("remove_tag"))
    if not add and not remove:
        raise Refused(40058, "add_tag and remove_tag empty")
    relation = call.relation()
    if any(call.world.find_tag(tag_id) is None for tag_id in add + remove):
        raise Refused(40068)
    kept = [tag_id for tag_id in relation.tag_ids if tag_id not in remove]
    marked = list(dict.fromkeys(kept + add))
    if len(marked) > TAGS_MOST:
        raise Refused(40058, "too many tags")
    relation.tag_ids = marked
    return {}


def _batch_page(world: World, page: list[Relation], next_cursor: str) -> Answer:
    rows = [
        {
            "external_contact": _external_contact(world.get_customer(relation.external_userid)),
            "follow_info": _follow_info(relation) | {"tag_id": _living_tags(world, relation)},
        }
        for relation in page
    ]
    return {"external_contact_list": rows, "next_cursor": next_cursor}


def _external_contact(customer: Customer) -> Answer:
    contact: dict[str, Any] = {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "type": customer.type,
        "gender": customer.gender,
    }
    optional = {
        "avatar": customer.avatar,
        "unionid": customer.unionid if customer.type == 1 else "",
    }
    if customer.type != 1:
        optional |= {
            "corp_name": customer.corp_name,
            "corp_full_name": customer.corp_name,
            "position": customer.position,
        }
    return contact | {name: value for name, value in optional.items() if value}


def _follow_info(relation: Relation) -> Answer:
    info: dict[str, Any] = {
        "userid": relation.userid,
        "remark": relation.remark,
        "description": relation.description,
        "createtime": relation.createtime,
        "remark_mobiles": list(relation.remark_mobiles),
        "oper_userid": relation.oper_userid,
        "add_way": relation.add_way,
    }
    if relation.remark_corp_name:
        info["remark_corp_name"] = relation.remark_corp_name
    if relation.state:
        info["state"] = relation.state
    return info


def _living_tags(world: World, relation: Relation) -> list[str]:
    return [tag_id for tag_id in relation.tag_ids if world.find_tag(tag_id)]


def _tags(world: World, relation: Relation) -> list[Answer]:
    found = [world.find_tag(tag_id) for tag_id in relation.tag_ids]
    corp = [
        {
            "group_name": pair[0].group_name,
            "tag_name": pair[1].name,
            "tag_id": pair[1].id,
            "type": 1,
        }
        for pair in found
        if pair
    ]
    own = [{"group_name": "自定义", "tag_name": name, "type": 2} for name in relation.personal_tags]
    return corp + own


ENDPOINTS = {
    "externalcontact/get_follow_user_list": Endpoint(get_follow_user_list, customers=True),
    "externalcontact/list": Endpoint(list_customers, customers=True),
    "externalcontact/get": Endpoint(get, customers=True),
    "externalcontact/batch/get_by_user": Endpoint(batch_get_by_user, "POST", customers=True),
    "externalcontact/remark": Endpoint(remark, "POST", customers=True),
    "externalcontact/mark_tag": Endpoint(mark_tag, "POST", customers=True),
}
