"""The figures: those that the coach counts, those in the alert rules and those in the documentation are the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.message import ParcelKind
from bot.ops.metrics import COUNTERS, GOING_ON, MOST_VALUES, OTHER, READ, TIMES, Figure, Metrics

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
OUTCOMES = {
    "takes": {"answer", "discussion", "known", "elsewhere"},
    "grades": {"graded", "reused", "settled", "fallback", "overtaken", "postponed", "retried", "failed"},
    "messages": {"sent", "amended", "dropped", "void"},
    "grading": {"answered", "away", "refused", "error"},
    "store_writes": {"done", "refused", "failed"},
}


def names() -> dict[str, set[str]]:
    """Every metric by its name in Prometheus, with its labels."""
    found = {f"coach_{name}_total": set(labels) for name, (_, labels) in COUNTERS.items()}
    found |= {f"coach_{name}_seconds": set(labels) for name, (_, labels, _) in TIMES.items()}
    found |= {f"coach_{name}": set[str]() for name in GOING_ON}
    found |= {f"coach_{name}": set(labels) for name, (_, labels) in READ.items()}
    return found | {"coach_build_info": {"version", "python", "role"}}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a meter in the program."""
    for file in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = ast.unparse(node.func.value)
            if node.func.attr in ("count", "observe", "going_on") and owner.endswith("meter"):
                yield node.func.attr, node


def test_everything_that_is_counted_has_its_metric_and_labels() -> None:
    found = set()
    for kind, call in calls():
        assert isinstance(call.args[0], ast.Constant)
        name, labels = str(call.args[0].value), {str(word.arg) for word in call.keywords}
        if kind == "going_on":
            assert name in GOING_ON
        else:
            known = COUNTERS[name][1] if kind == "count" else TIMES[name][1]
            assert labels == set(known), ast.unparse(call)
        found.add(name)
    assert found == {*COUNTERS, *TIMES, *GOING_ON}, "a metric that nobody counts says nothing"


def test_what_prometheus_reads_are_those_metrics() -> None:
    metrics = Metrics()
    for name, (_, labels) in COUNTERS.items():
        metrics.count(name, **dict.fromkeys(labels, "x"))
    for name, (_, labels, _) in TIMES.items():
        metrics.observe(name, 1.0, **dict.fromkeys(labels, "x"))
    figures = [Figure(name, 1.0, tuple((label, "x") for label in labels)) for name, (_, labels) in READ.items()]
    text = metrics.text(figures).decode()
    assert set(re.findall(r"^# TYPE (coach_\w+)", text, re.MULTILINE)) == set(names())
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text


def test_two_processes_in_one_have_figures_of_their_own() -> None:
    one, other = Metrics(), Metrics()
    one.count("store_commits")
    assert b"coach_store_commits_total 1.0" in one.text()
    assert b"coach_store_commits_total 0.0" in other.text()


def test_a_label_has_so_many_values_and_no_more() -> None:
    metrics = Metrics()
    for number in range(MOST_VALUES + 20):
        metrics.count("llm_cost", 1.0, model=f"m{number}")
        metrics.count("llm_cost", 1.0, model="m0")
    text = metrics.text().decode()
    assert text.count("coach_llm_cost_total{") == MOST_VALUES + 1
    assert f'coach_llm_cost_total{{model="{OTHER}"}} 20.0' in text
    assert f'coach_llm_cost_total{{model="m0"}} {MOST_VALUES + 21}.0' in text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_rests_on_metrics_and_labels_that_exist_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    assert len(rule["annotations"]["action"]) > 40
    used = set(re.findall(r"\b(?:coach|process)_\w+", rule["expr"]))
    assert used
    known = names() | {"process_start_time_seconds": set[str]()}
    for name in used:
        plain = name.removesuffix("_bucket")
        assert plain in known, f"{name} isn't a metric"
        assert (plain != name) == (plain.endswith("_seconds") and "le)" in rule["expr"])
    for name, matchers in re.findall(r"(coach_\w+)\{([^}]*)\}", rule["expr"]):
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
            assert label in known[name]
            family = name.removeprefix("coach_").removesuffix("_total")
            assert set(values.split("|")) <= OUTCOMES[family]
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert label in ("instance", "platform", "loop")


def test_each_alert_has_a_name_of_its_own() -> None:
    found = [rule["alert"] for rule in RULES]
    assert len(found) == len(set(found)) >= 10


def test_the_documentation_tells_of_each_metric_its_labels_and_outcomes_and_of_no_other() -> None:
    rows = {
        found["name"]: found
        for line in MONITORING.splitlines()
        if (found := re.match(r"\| `(?P<name>coach_\w+)` \| (?P<labels>[^|]*)\| (?P<means>.*) \|$", line))
    }
    assert set(rows) == set(names()) - {"coach_build_info"}
    for name, labels in names().items():
        if name in rows:
            assert set(re.findall(r"`(\w+)`", rows[name]["labels"])) == labels
    for family, outcomes in OUTCOMES.items():
        row = rows[f"coach_{family}_seconds" if family in TIMES else f"coach_{family}_total"]
        assert all(f"`{outcome}`" in row["means"] for outcome in outcomes)
    assert all(f"`{kind}`" in rows["coach_messages_total"]["means"] for kind in ParcelKind)


def test_the_documentation_speaks_of_alerts_that_exist() -> None:
    assert set(re.findall(r"`(Coach\w+)`", MONITORING)) <= {rule["alert"] for rule in RULES}
