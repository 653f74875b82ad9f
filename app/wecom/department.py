"""Departments (部门), read only: developer.work.weixin.qq.com/document/path/90204."""

from dataclasses import dataclass

from app.wecom.answers import Answer
from app.wecom.client import WeComClient


@dataclass(frozen=True, kw_only=True)
class DepartmentInfo:
    """A department; the root has id 1 and parentid 0; a larger `order` stands further in front."""

    id: int
    name: str
    parentid: int
    order: int


def list_all(client: WeComClient, *, within: float | None = None) -> tuple[DepartmentInfo, ...]:
    """List all departments in the app's visible range, in `within` seconds; else patiently.

    Source: developer.work.weixin.qq.com/document/path/90208
    """
    fields = client.get("department/list", within=within, patient=within is None)
    answer = Answer("department/list", fields)
    return tuple(
        DepartmentInfo(
            id=part.integer("id"),
            name=part.optional("name") or "",
            parentid=part.integer("parentid", 0),
            order=part.integer("order", 0),
        )
        for part in answer.parts("department")
    )
