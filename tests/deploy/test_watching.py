"""The alert rules and the dashboard ask only for figures that a running deployment exports."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.queue import LANES
from tests.deploy.alarms import ALARMS, promtool_tests
from tests.deploy.promql import Unreadable, asked
from tests.deployment import ROOT, Deployment, deployed, wait_until

RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "banke.json"
CATALOGUE = ROOT / "app" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
# What Prometheus itself puts on every series.
OF_THE_SCRAPE = frozenset({"job", "instance"})
Figures = Mapping[str, frozenset[str]]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return list(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"])


def expressions() -> dict[str, str]:
    found = {rule["alert"]: rule["expr"] for rule in rules()}
    for panel in panels():
        for target in panel.get("targets", ()):
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    return found


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give what a deployment exports that has greeted somebody and made a comparison."""
    with deployed(tmp_path_factory.mktemp("watched")) as shop:
        shop.greet_with("您好")
        shop.box.people.customer_scans("zhaoyi", name="王女士")
        shop.command("sync")
        yield wait_until(lambda: whole(shop))


def whole(shop: Deployment) -> str:
    """Return the figures once the slowest of them, what the processes tell, are there."""
    text = requests.get(f"{shop.address}/metrics", timeout=5).text
    wanted = (
        'banke_processes{part="relay"} 1.0',
        'banke_welcomes_10m{outcome="sent"} 1.0',
        'banke_sync_ended_timestamp_seconds{outcome="done"}',
        'banke_job_ended_timestamp_seconds{name="sync.watch"}',
        "banke_wecom_shut_seconds{api=",
    )
    return text if all(one in text for one in wanted) else ""


@pytest.fixture(scope="module")
def figures(scraped: str) -> Figures:
    """Give the names of all series with their labels."""
    found: dict[str, frozenset[str]] = {}
    for family in text_string_to_metric_families(scraped):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, frozenset()) | set(sample.labels)
    return found


@pytest.mark.parametrize("title", expressions())
def test_what_is_asked_is_exported_with_the_labels_that_are_asked(
    title: str, figures: Figures
) -> None:
    for name, labels in asked(expressions()[title]).items():
        assert name in figures
        grouped = {label for other in asked(expressions()[title]) for label in figures[other]}
        assert labels <= figures[name] | grouped | OF_THE_SCRAPE


def test_the_values_that_labels_are_chosen_by_are_exported(scraped: str) -> None:
    chosen = {
        pair
        for expression in expressions().values()
        for pair in re.findall(r'(\w+)=~?"([\w.|]+)"', expression)
    }
    for label, values in chosen:
        for value in values.split("|"):
            assert f'{label}="{value}"' in scraped


def test_the_figures_name_nobody(scraped: str) -> None:
    assert not re.search(r"wm[A-Za-z0-9_-]{10,}|zhaoyi|王女士", scraped)


def test_every_alert_says_in_chinese_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert re.search(r"[一-鿿]{4}", rule["annotations"]["summary"])
        assert re.search(r"[一-鿿]{4}", rule["annotations"]["todo"])


def test_pages_and_buttons_that_an_alert_names_are_called_so() -> None:
    catalogue = CATALOGUE.read_text(encoding="utf-8")
    for rule in rules():
        for word in re.findall("“(.+?)”", rule["annotations"]["todo"]):
            assert f'msgid "{word}"' in catalogue


def test_alerts_have_names_of_their_own_and_each_is_tried() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    tried = {alarm.name for alarm in ALARMS}
    assert set(names) - tried == {"BankeDown", "BankeWelcomesSlow", "BankeDiskFilling"}


def test_panels_lie_beside_each_other_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        xs = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in xs for y in range(place["y"], place["y"] + place["h"])}
        assert panel["title"]
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_an_alert_about_a_lane_names_one_that_there_is() -> None:
    named = re.findall(r'lane=~?"([\w|]+)"', RULES.read_text(encoding="utf-8"))
    assert {lane for one in named for lane in one.split("|")} <= set(LANES)


@pytest.mark.parametrize("wrong", ["sum(x", "max by (job} (x)", "rat(x[5m])", 'x{a="b}', "x ? 1"])
def test_what_is_no_expression_is_found_out(wrong: str) -> None:
    with pytest.raises(Unreadable):
        asked(wrong)


if PROMTOOL:

    def promtool(*arguments: str, given: str = "") -> None:
        done = subprocess.run(
            [str(PROMTOOL), *arguments], input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def test_prometheus_takes_the_rules() -> None:
        promtool("check", "rules", str(RULES))

    def test_each_alert_is_raised_when_it_should_be_and_not_before(tmp_path: Path) -> None:
        read = yaml.safe_load(RULES.read_text(encoding="utf-8"))
        for rule in (rule for group in read["groups"] for rule in group["rules"]):
            # The words are checked above, and would have to be repeated here one by one.
            del rule["annotations"]
        plain, tests = tmp_path / "rules.yml", tmp_path / "tests.yml"
        plain.write_text(yaml.safe_dump(read), encoding="utf-8")
        tests.write_text(yaml.safe_dump(promtool_tests(str(plain))), encoding="utf-8")
        promtool("test", "rules", str(tests))

    def test_prometheus_takes_what_is_exported(scraped: str) -> None:
        promtool("check", "metrics", given=scraped)
