"""/healthz, /readyz, /metrics and the domain file: what an operator's tools rely on."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.db import Database
from app.factory import create_app
from tests import settings


def client(folder: Path, db: Database, **server: object) -> FlaskClient:
    config = settings.make_config(folder, database={"url": str(db.url)}, server=server)
    return create_app(config).test_client()


def test_alive_is_said_without_the_database(tmp_path: Path, db: Database) -> None:
    assert client(tmp_path, db).get("/healthz").status_code == 200


def test_ready_with_no_redis_is_degraded_and_not_down(tmp_path: Path, db: Database) -> None:
    answer = client(tmp_path, db).get("/readyz")
    assert (answer.status_code, answer.get_json()["redis"]) == (200, "degraded")


def test_not_ready_without_the_database(tmp_path: Path, db: Database) -> None:
    door = client(tmp_path, db)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE inbox_events")
    assert door.get("/readyz").status_code == 503


def test_figures_are_shown_to_this_machine(tmp_path: Path, db: Database) -> None:
    text = client(tmp_path, db).get("/metrics").get_data(as_text=True)
    assert "banke_doorbell_failures 0.0" in text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Forwarded": "for=203.0.113.9"},
        {"Host": "scrm.example.com"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_figures_are_not_shown_through_a_proxy(
    tmp_path: Path, db: Database, headers: dict[str, str]
) -> None:
    assert client(tmp_path, db).get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer right one", 200), ("Bearer no", 401), ("", 401)]
)
def test_a_token_guards_the_figures(tmp_path: Path, db: Database, given: str, status: int) -> None:
    door = client(tmp_path, db, metrics_token="right one")
    assert door.get("/metrics", headers={"Authorization": given}).status_code == status


def test_the_domain_file_is_served_as_configured(tmp_path: Path, db: Database) -> None:
    door = client(tmp_path, db, domain_files={"WW_verify_abc123.txt": "abc123"})
    assert door.get("/WW_verify_abc123.txt").get_data(as_text=True) == "abc123"
    assert door.get("/WW_verify_other.txt").status_code == 404


def test_nothing_else_is_there(tmp_path: Path, db: Database) -> None:
    assert client(tmp_path, db).get("/").status_code == 404
