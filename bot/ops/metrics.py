"""What is counted and timed in this process, as Prometheus reads it. Names and meanings: docs/monitoring.md."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics import Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from bot import __version__

PREFIX = "coach"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

MOST_VALUES = 50
"""Different values that a label may have; what comes beyond is counted as OTHER. Providers name models at will."""

OTHER = "other"

_QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_GRADE_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 240.0)
_LATE_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 21_600.0)

COUNTERS: Mapping[str, tuple[str, Sequence[str]]] = {
    "takes": ("Messages taken in, by what became of them", ("platform", "outcome")),
    "grades": ("Answers that were graded, or why not", ("grader", "outcome")),
    "messages": ("The coach's own messages, by what became of them", ("platform", "kind", "outcome")),
    "llm_tokens": ("Tokens that providers counted", ("model", "direction")),
    "llm_cost": ("What grading cost, in the currency of COACH_LLM_PRICES", ("model",)),
    "store_commits": ("Transactions that were committed", ()),
    "store_writes": ("Units of work that wrote", ("outcome",)),
    "store_read_errors": ("Reads that the database didn't answer", ()),
}
"""Counters by the names that the use cases know them by: help and labels."""

TIMES: Mapping[str, tuple[str, Sequence[str], Sequence[float]]] = {
    "delivery": ("From when an answer was written until its grade was posted", ("platform",), _LATE_S),
    "grading": ("How long a grader took for one answer", ("grader", "outcome"), _GRADE_S),
    "store_write": ("From a unit of work's beginning until it was durable", (), _QUICK_S),
}
"""Histograms of seconds: help, labels, upper bounds."""

GOING_ON: Mapping[str, str] = {
    "store_writes_waiting": "Units of work that wait to be durable",
    "grading_at_work": "Answers that graders are at work on",
}
"""Gauges of what goes on in this process."""


class Metrics:
    """The figures of one process: a `bot.core.ports.Meter`. `role` is what the process does."""

    def __init__(self, role: str = "all") -> None:
        # Nothing reads when a counter began: restarts show in the counters themselves.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self._registry = CollectorRegistry()
        self._values: dict[tuple[str, str], set[str]] = {}
        self._ready: dict[tuple[object, ...], Counter | Histogram] = {}
        self._now = dict.fromkeys(GOING_ON, 0)
        self._counters = {
            name: Counter(name, told, labels, namespace=PREFIX, registry=registry)
            for name, (told, labels) in COUNTERS.items()
        }
        self._times = {
            name: Histogram(f"{name}_seconds", told, labels, namespace=PREFIX, registry=registry, buckets=bounds)
            for name, (told, labels, bounds) in TIMES.items()
        }
        for name, told in GOING_ON.items():
            gauge = Gauge(name, told, namespace=PREFIX, registry=registry)
            gauge.set_function(partial(self._now.__getitem__, name))
        Info("build", "What runs here", namespace=PREFIX, registry=registry).info(
            {"version": __version__, "python": platform.python_version(), "role": role}
        )
        ProcessCollector(registry=registry)

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Add to a counter of COUNTERS. Raises KeyError or ValueError for a name or labels that aren't its own."""
        counter = self._ready.get((name, *labels.items())) or self._labelled(self._counters[name], name, labels)
        counter.inc(by)  # type: ignore[union-attr]

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Note a time of TIMES. Raises KeyError or ValueError for a name or labels that aren't its own."""
        times = self._ready.get((name, *labels.items())) or self._labelled(self._times[name], name, labels)
        times.observe(seconds)  # type: ignore[union-attr]

    def going_on(self, name: str, change: int) -> None:
        """Something of GOING_ON has begun (1) or ended (-1)."""
        self._now[name] += change

    def _labelled(self, metric: Counter | Histogram, name: str, labels: Mapping[str, str]) -> Counter | Histogram:
        """A metric with these values of its labels, remembered: finding it costs ten times what counting does."""
        values = {label: self._bounded(name, label, value) for label, value in labels.items()}
        found = metric.labels(**values) if values else metric
        if values == labels:
            self._ready[name, *labels.items()] = found
        return found

    def _bounded(self, name: str, label: str, value: str) -> str:
        known = self._values.setdefault((name, label), set())
        if len(known) < MOST_VALUES:
            known.add(value)
        return value if value in known else OTHER

    def text(self, figures: Iterable[Figure] = ()) -> bytes:
        """All figures of this process, and those that were just read, in Prometheus' text format."""
        read = CollectorRegistry(auto_describe=False)
        read.register(_Read(figures))
        return generate_latest(self._registry) + generate_latest(read)


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge's value as it was just read; `labels` are names and values."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


READ: Mapping[str, tuple[str, Sequence[str]]] = {
    "replies_pending": ("Answers that wait for their grade", ()),
    "replies_held": ("Those of them that are held back because their author writes faster than is graded", ()),
    "replies_pending_oldest_seconds": ("How long the oldest of them has waited", ()),
    "replies_failed": ("Answers whose grading was given up", ()),
    "outbox_waiting": ("Messages of the coach that wait to be sent", ("platform",)),
    "outbox_oldest_seconds": ("How long ago the oldest of them was written", ("platform",)),
    "usage_today_tokens": ("Tokens that grading has used or reserved today (UTC)", ()),
    "usage_today_cost": ("What grading has cost or reserved today (UTC)", ()),
    "store_up": ("Whether the database answers", ()),
    "ready": ("Whether /readyz says so", ()),
    "platform_connected": ("Whether a platform is connected", ("platform",)),
    "platform_taking": ("Messages that a platform has handed over and that aren't stored yet", ("platform",)),
    "loop_late_seconds": ("How far a loop is beyond the time at which it should have stepped", ("loop",)),
}
"""Gauges that are read when somebody asks for them: help and labels."""


class _Read(Collector):
    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, (told, labels) in READ.items():
            found = [figure for figure in self._figures if figure.name == name]
            if found:
                family = GaugeMetricFamily(f"{PREFIX}_{name}", told, labels=labels)
                for figure in found:
                    family.add_metric([dict(figure.labels)[label] for label in labels], figure.value)
                yield family
