"""The reckoning of the crash harness notices each thing that can be wrong, and nothing where all is well."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.crash_audit import KINDS, audit
from benchmarks.crash_clock import SharedClock
from benchmarks.crash_log import Log
from benchmarks.crash_records import Said, Use, Version, Written
from benchmarks.crash_world import World
from bot.coach.records import micros

NINE = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
PERIODS = ("all", "2026-03", "2026-W10")


def at(minute: int) -> dt.datetime:
    return NINE + dt.timedelta(minutes=minute)


class Case:
    """Ada answered, edited and answered privately; Ben's answer is deleted, Cy is forgotten. All of it is as it should
    be until a test changes something.
    """

    def __init__(self) -> None:
        self.world = World(random.Random(1), SharedClock(0))
        self.log = Log([], [], [], [], [])
        self._round()
        self.ada = self._written("1", "ada", Version("one", at(1), "", True, 5, acked_at=at(1)))
        self.ada.versions.append(Version("two", at(2), "r2", True, 8, acked_at=at(2)))
        self.ben = self._written("2", "ben", Version("ben's", at(3), "", True, 2, acked_at=at(3)))
        self.ben.deleted = self.ben.acked_before_deletion = True
        self._written("3", "cy", Version("cy's", at(4), "", True, 2, acked_at=at(4)))
        forget = Use("privacy", "beta", "cy", {"what": "delete"}, keys=[("f", at(5))], answered_at=at(6))
        private = Use("answer", "beta", "dan", {"answer": "dan's"}, "1", score=10, keys=[("k", at(7))])
        private.answered_at = at(8)
        self.world.uses += [forget, private]
        self.reply(1, "1", "", "ada", "one", 1, score=5)
        self.reply(2, "1", "r2", "ada", "two", 2, score=8)
        self.reply(3, "2", "", "ben", "", 3, state="withdrawn")
        self.reply(4, "3", "", "", "", 4, state="withdrawn")
        self.reply(5, "private-1-dan", "k", "dan", "dan's", 7, score=10, private=1)
        for key, kind, reply in ((1, "question", None), (2, "grade", 1), (3, "grade", 2), (5, "reveal", None)):
            self.say(key, kind, reply)
        self.outbox(4, "grade", 5)
        self.log.outbox.sort(key=lambda row: int(row["id"]))
        for person, points in (("ada", 5), ("dan", 10)):
            self.log.results.append({"round_id": 1, "user_id": person, "score": points})
            for period in PERIODS:
                for topic in ("", "Odd"):
                    row = {"period": period, "topic": topic, "user_id": person, "points": points, "answers": 1}
                    self.log.standings.append(row)

    def _round(self) -> None:
        round_ = {"id": 1, "channel": "beta", "rule": "first", "state": "closed", "section": "Odd"}
        times = {"local_date": "2026-03-02", "closes_at": micros(at(60)), "revealed_at": micros(at(61))}
        self.log.rounds.append(round_ | times)

    def _written(self, id_: str, author: str, version: Version) -> Written:
        message = self.world.written[id_] = Written(id_, "beta", "t1", author, [version])
        return message

    def reply(self, id_: int, message: str, revision: str, user: str, text: str, minute: int, *,
              state: str = "graded", score: int | None = None, private: int = 0) -> None:  # fmt: skip
        self.log.replies.append(
            {
                "id": id_, "round_id": 1, "message": message, "revision": revision, "user_id": user, "text": text,
                "at": micros(at(minute)), "state": state, "score": score, "private": private, "grade": "",
            }
        )  # fmt: skip

    def outbox(self, key: int, kind: str, reply: int | None) -> None:
        self.log.outbox.append({"id": key, "kind": kind, "round_id": 1, "reply_id": reply, "state": "sent"})

    def say(self, key: int, kind: str, reply: int | None) -> None:
        self.outbox(key, kind, reply)
        score = next((row["score"] for row in self.log.replies if row["id"] == reply), None)
        said = Said(str(100 + key), str(key), kind, "beta", "t1", "", "", "", f"Score: {score}/10")
        self.world.said.append(said)

    def change(self, id_: int, **values: Any) -> None:
        self._change(self.log.replies, lambda row: row["id"] == id_, values)

    def change_board(self, **values: Any) -> None:
        self._change(self.log.standings, lambda row: row["user_id"] == "ada", values)

    def _change(self, rows: list[Any], which: Callable[[Any], bool], values: dict[str, Any]) -> None:
        index = next(index for index, row in enumerate(rows) if which(row))
        rows[index] = rows[index] | values


def kinds(case: Case) -> set[str]:
    return {kind for kind, _ in audit(case.world, case.log)}


def test_nothing_is_noticed_where_all_is_well() -> None:
    assert list(audit(Case().world, Case().log)) == []


def swapped(case: Case) -> None:
    case.world.said[1:3] = case.world.said[2:0:-1]


DAMAGE: dict[str, tuple[str, Callable[[Case], object]]] = {
    "an answer isn't there": ("lost", lambda case: case.log.replies.pop(1)),
    "an earlier text isn't there": ("lost", lambda case: case.log.replies.pop(0)),
    "an answer is still pending": ("lost", lambda case: case.change(2, state="received")),
    "a private answer isn't there": ("lost", lambda case: case.log.replies.pop(4)),
    "a live answer is withdrawn": ("lost", lambda case: case.change(2, state="withdrawn")),
    "a deleted answer has lost its slot": ("lost", lambda case: case.change(3, state="deleted")),
    "somebody is forgotten who never asked for it": ("lost", lambda case: case.world.uses.pop(0)),
    "a grade is in no outbox": ("lost", lambda case: case.log.outbox.pop(1)),
    "a grade was never said": ("lost", lambda case: case.world.said.pop(1)),
    "a question was never said": ("lost", lambda case: case.world.said.pop(0)),
    "a reveal was never said": ("lost", lambda case: case.world.said.pop()),
    "a reply is there twice": ("counted_twice", lambda case: case.log.replies.append(case.log.replies[1])),
    "a reply counts again under another revision": (
        "counted_twice",
        lambda case: case.reply(9, "1", "r9", "ada", "two", 9, score=8),
    ),
    "a reply was never written": ("counted_twice", lambda case: case.reply(9, "77", "", "eve", "never", 9, score=8)),
    "a reply has other words": ("counted_twice", lambda case: case.change(2, text="too")),
    "a reply has another author": ("counted_twice", lambda case: case.change(2, user_id="dan")),
    "a grade is said twice": ("posted_twice", lambda case: case.world.said.append(case.world.said[1])),
    "a reply has two grades": ("posted_twice", lambda case: case.say(9, "grade", 2)),
    "a round has two reveals": ("posted_twice", lambda case: case.say(9, "reveal", None)),
    "something was said that no outbox knows": (
        "posted_twice",
        lambda case: case.world.said.append(dataclasses.replace(case.world.said[1], key="88")),
    ),
    "two grades are swapped": ("out_of_order", swapped),
    "an answer has another score": ("wrong_board", lambda case: case.change(2, score=1)),
    "a result isn't there": ("wrong_board", lambda case: case.log.results.pop()),
    "a result is another attempt's": ("wrong_board", lambda case: case.log.results[0].__setitem__("score", 8)),  # type: ignore[index]
    "a board's row isn't there": ("wrong_board", lambda case: case.log.standings.pop()),
    "a board's row has other points": ("wrong_board", lambda case: case.change_board(points=6)),
    "a board's row has other answers": ("wrong_board", lambda case: case.change_board(answers=2)),
    "a rule was changed and not applied": (
        "wrong_board",
        lambda case: case.world.uses.append(
            Use("config set", "beta", "boss", {"name": "rule", "value": "latest"}, answered_at=at(9))
        ),
    ),
    "a grade shows another score": ("stale_words", lambda case: setattr(case.world.said[1], "text", "Score: 9/10")),
    "a deleted answer is still graded": ("undeleted", lambda case: case.change(3, state="graded", score=2)),
    "a deleted answer's words are kept": ("undeleted", lambda case: case.change(3, text="ben's")),
    "a forgotten person's words are kept": ("unforgotten", lambda case: case.change(4, text="cy's")),
    "a forgotten person is still there": (
        "unforgotten",
        lambda case: case.change(4, state="graded", user_id="cy", text="cy's", score=2),
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_noticed(what: str) -> None:
    kind, damage = DAMAGE[what]
    case = Case()
    damage(case)
    assert kind in kinds(case)


def test_every_kind_of_damage_is_tried() -> None:
    assert {kind for kind, _ in DAMAGE.values()} == set(KINDS)


def test_an_edit_that_came_before_the_grade_may_replace_the_first_text() -> None:
    case = Case()
    case.change(1, state="replaced", score=None)
    case.log.outbox.pop(1)
    case.world.said.pop(1)
    case.log.results[0] = {"round_id": 1, "user_id": "ada", "score": 8}
    case.log.standings[:] = [
        {**row, "points": 8 if row["user_id"] == "ada" else row["points"]} for row in case.log.standings
    ]
    assert list(audit(case.world, case.log)) == []


def test_what_the_platform_refused_for_good_is_not_lost() -> None:
    case = Case()
    case.world.refused.add(case.world.said.pop(1).key)
    assert list(audit(case.world, case.log)) == []
