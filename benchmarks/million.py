"""From one machine to 1,000,000 communities: how far Discord's limit on requests carries, by simulation.

    python -m benchmarks.million [--answers 5] [--write]

One bot may make 50 requests a second, over all of its processes. Every community gets its question at 09:00 in its own
zone (a message and its thread) and a reveal; every answer gets a receipt and a grade; a question's message is amended
with its count. Answers come in the eight hours after the post, fewer from hour to hour. What can't be sent at once
waits in line: grades and receipts first, since people wait for them, then posts. The simulation goes minute by minute
through three days, of which the last is looked at.
"""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import page

REQUESTS_A_SECOND = 50
"""Discord's limit for one bot; requests that answer an interaction aren't counted."""

POST, ANSWER, AMENDS = 3, 2, 4
"""Requests: of a round (question, thread, reveal), of an answer (receipt, grade), amendments of the count a day."""

DAY = 24 * 60
DAYS = 3
HOURS = (0.40, 0.22, 0.13, 0.09, 0.06, 0.04, 0.03, 0.03)
"""The share of a day's answers that comes in each hour after the post."""

ZONES = {
    -8: 5,
    -7: 2,
    -6: 5,
    -5: 8,
    -4: 2,
    -3: 5,
    0: 5,
    1: 13,
    2: 9,
    3: 8,
    4: 2,
    5: 4,
    5.5: 16,
    7: 5,
    8: 6,
    9: 4,
    10: 1,
}
"""Offsets from UTC in hours, with their share of communities in percent: an assumption, after where developers live."""


@dataclass(frozen=True, slots=True)
class Day:
    """Minutes from when something was to be said to when it is, in the median, the 99th percentile and at most.

    `used` is the share of the requests that were there to be made; from 1 on the line never ends.
    """

    posts: tuple[float, float, float]
    grades: tuple[float, float, float]
    used: float


def simulate(communities: int, answers: float, bots: int = 1) -> Day:
    """The last of DAYS days with so many communities and answers a day in each, their servers shared among bots."""
    share = communities / bots
    posts, grades = _Line(), _Line()
    load = 0.0
    for minute in range(DAYS * DAY):
        due = dict(_due(minute % DAY))
        new_posts = share * due.get(0, 0.0) / 100 * POST
        new_grades = share * _answering(due) / 100 * (answers * ANSWER + AMENDS)
        load += new_posts + new_grades
        posts.put(minute, new_posts)
        grades.put(minute, new_grades)
        left = grades.serve(minute, 60.0 * REQUESTS_A_SECOND)
        posts.serve(minute, left)
    last = (DAYS - 1) * DAY
    return Day(posts.waits(last), grades.waits(last), load / (DAYS * DAY * 60.0 * REQUESTS_A_SECOND))


def _due(minute: int) -> Iterator[tuple[int, float]]:
    """For each zone, the minutes since its last 09:00, and its share in percent; zones of one age together."""
    ages: dict[int, float] = {}
    for offset, percent in ZONES.items():
        age = int(minute - (9 - offset) * 60) % DAY
        ages[age] = ages.get(age, 0.0) + percent
    yield from ages.items()


def _answering(ages: dict[int, float]) -> float:
    """The share of a day's answers, in percent of all communities', that comes in this minute."""
    return sum(percent * HOURS[age // 60] / 60 for age, percent in ages.items() if age < 60 * len(HOURS))


class _Line:
    """What waits to be sent, by the minute in which it came; and how long it did."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, float]] = deque()
        self._served: list[tuple[int, int, float]] = []  # came, went, requests

    def put(self, minute: int, requests: float) -> None:
        if requests:
            self._waiting.append((minute, requests))

    def serve(self, minute: int, room: float) -> float:
        """Send what there is room for; the room that is left."""
        while self._waiting and room > 1e-9:
            came, requests = self._waiting.popleft()
            sent = min(requests, room)
            room -= sent
            self._served.append((came, minute, sent))
            if requests - sent > 1e-9:
                self._waiting.appendleft((came, requests - sent))
        return room

    def waits(self, since: int) -> tuple[float, float, float]:
        """Minutes waited in the median, the 99th percentile and at most, of what came from a minute on or left last."""
        found = sorted((went - came, sent) for came, went, sent in self._served if went >= since)
        found += [(DAYS * DAY - came, left) for came, left in self._waiting]
        found.sort()
        total = sum(sent for _, sent in found) or 1.0
        return _at(found, 0.5 * total), _at(found, 0.99 * total), float(found[-1][0]) if found else 0.0


def _at(found: list[tuple[int, float]], amount: float) -> float:
    passed = 0.0
    for wait, sent in found:
        passed += sent
        if passed >= amount:
            return float(wait)
    return float(found[-1][0]) if found else 0.0


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--answers", type=float, default=5.0, help="a day in each community (default: 5)")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/scale.md")
    asked = parser.parse_args()
    answers = asked.answers
    rows = [
        "| communities | bots | requests used | posts: median, 99 %, last (min) | grades: median, 99 %, last (min) |",
        "|---:|---:|---:|---:|---:|",
    ]
    for communities, bots in ((10_000, 1), (50_000, 1), (100_000, 1), (200_000, 1), (1_000_000, 8), (1_000_000, 20)):
        day = simulate(communities, answers, bots)
        posts, grades = (", ".join(f"{each:.0f}" for each in waits) for waits in (day.posts, day.grades))
        rows.append(f"| {communities:,} | {bots} | {day.used:.0%} | {posts} | {grades} |")
    print("\n".join(rows))
    if asked.write:
        page.renew("million", "\n".join(rows))


if __name__ == "__main__":
    main()
