"""Compares what the platform's side of the crash harness saw with what the coach stored and said.

What a reply is worth, which rule counts and who was forgotten is known from the platform's side. Of the coach's log
only that is believed which nobody else can know: whether a text was graded before it was edited, when a round closed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.crash_log import Log, Row
from benchmarks.crash_records import Said, Use, Version, Written
from benchmarks.crash_world import World
from bot.coach.records import micros
from bot.core.rules import periods

KINDS = (
    "lost",
    "counted_twice",
    "posted_twice",
    "out_of_order",
    "wrong_board",
    "stale_words",
    "undeleted",
    "unforgotten",
)
"""What can be wrong: an answer without its grade, a grade or post that isn't there (lost); a reply kept twice or that
nobody wrote (counted_twice); said twice or about nothing (posted_twice); said before what is older in its channel
(out_of_order); results and boards that differ from what people wrote (wrong_board); a grade that shows another score
(stale_words); words kept of what was deleted, or of somebody who was forgotten (undeleted, unforgotten)."""

Fault = tuple[str, str]
"""One of KINDS, and where."""

_BEST_OF = 3
_SCORED = ("graded", "received", "failed")


@dataclass(frozen=True, slots=True)
class Truth:
    """What a stored reply is, as its author wrote it."""

    author: str
    text: str
    at: int
    score: int
    copied: bool


def audit(world: World, log: Log) -> Iterator[Fault]:
    """Every difference."""
    truths = _truths(world)
    yield from _replies(world, log, truths)
    yield from _private(world, log)
    yield from _twice(log, truths)
    yield from _said(world, log)
    yield from _expected_posts(world, log)
    yield from _boards(world, log, truths)


def _truths(world: World) -> dict[tuple[str, str], Truth]:
    """All that was ever written, by message and revision."""
    found = {}
    for message in world.written.values():
        for version in message.versions:
            truth = Truth(message.author, version.text, micros(version.at), version.score, version.copied)
            found[message.id, version.revision] = truth
    for use in world.uses:
        if use.verb == "answer":
            for key, at in use.keys:
                found["private", key] = Truth(use.person, use.args["answer"], micros(at), use.score, use.copied)
    return found


def _truth(row: Row, truths: dict[tuple[str, str], Truth]) -> Truth | None:
    message = "private" if row["private"] else row["message"]
    return truths.get((message, row["revision"]))


# ---------------------------------------------------------------------------------------------- replies


def _replies(world: World, log: Log, truths: dict[tuple[str, str], Truth]) -> Iterator[Fault]:
    """Each message of a person: its last text is there with its grade, earlier ones if they were acknowledged."""
    rows: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for row in log.replies:
        if not row["private"]:
            rows[row["message"]][row["revision"]] = row
    for message in world.written.values():
        there = rows[message.id]
        if any(not row["user_id"] and row["state"] == "withdrawn" for row in there.values()):
            yield from _forgotten(world, message, there)
        elif message.deleted:
            yield from _deleted(message, there)
        else:
            yield from _kept(world, message, there)


def _kept(world: World, message: Written, there: dict[str, Row]) -> Iterator[Fault]:
    *earlier, last = message.versions
    row = there.get(last.revision)
    wanted = "graded" if last.answer or message.asked else "discussion"
    state = row["state"] if row else "nothing"
    if state != wanted:
        yield "lost", f"message {message.id} of {message.thread} ({len(message.versions)} texts): {state}, not {wanted}"
    elif row and wanted == "graded" and row["score"] != last.score:
        yield "wrong_board", f"message {message.id} is worth {last.score}, not {row['score']}"
    for version in earlier:
        yield from _earlier(message, version, there.get(version.revision))
    yield from _late_forgetting(world, message)


def _earlier(message: Written, version: Version, row: Row | None) -> Iterator[Fault]:
    wanted = ("graded", "replaced") if version.answer else ("discussion",)
    if row is None and version.acked:
        yield "lost", f"message {message.id}: a text that was acknowledged isn't there"
    elif row is not None and row["state"] not in (*wanted, "replaced"):
        yield "lost", f"message {message.id}: an earlier text is {row['state']}"


def _deleted(message: Written, there: dict[str, Row]) -> Iterator[Fault]:
    for row in there.values():
        if row["state"] not in ("withdrawn", "deleted") or row["text"]:
            yield "undeleted", f"message {message.id} was deleted and is {row['state']}"
    last = there.get(message.versions[-1].revision)
    if message.acked_before_deletion and message.versions[-1].answer and (not last or last["state"] != "withdrawn"):
        yield "lost", f"message {message.id} was deleted and has lost its slot"


def _forgettings(world: World, person: str) -> list[Use]:
    return [use for use in world.uses if use.verb == "privacy" and use.person == person]


def _forgotten(world: World, message: Written, there: dict[str, Row]) -> Iterator[Fault]:
    uses = _forgettings(world, message.author)
    if not any(use.answered_at is None or use.answered_at >= message.versions[0].at for use in uses):
        yield "lost", f"message {message.id} was forgotten and nobody asked for it"
    if any(row["text"] or row["user_id"] or row["grade"] for row in there.values()):
        yield "unforgotten", f"message {message.id} is still there"


def _late_forgetting(world: World, message: Written) -> Iterator[Fault]:
    """It still has an author: nothing that was acknowledged before they asked to be forgotten may."""
    for use in _forgettings(world, message.author):
        if use.answered_at and message.versions[0].acked_at and message.versions[0].acked_at < use.keys[0][1]:
            yield "unforgotten", f"message {message.id} is still its author's"


def _private(world: World, log: Log) -> Iterator[Fault]:
    """The last private answer of each person to a round is graded, unless the person was forgotten since."""
    last: dict[tuple[str, str], Use] = {}
    for use in world.uses:
        if use.verb == "answer" and use.answered_at and not use.refused:
            last[use.person, use.target] = use
    states = {row["revision"]: row["state"] for row in log.replies if row["private"]}
    for (person, target), use in last.items():
        found = {states[key] for key, _ in use.keys if key in states}
        forgotten = any(u.answered_at is None or u.answered_at >= use.keys[0][1] for u in _forgettings(world, person))
        if "graded" not in found and not forgotten:
            yield "lost", f"a private answer to round {target}: {found or 'nothing'} instead of graded"


def _twice(log: Log, truths: dict[tuple[str, str], Truth]) -> Iterator[Fault]:
    keys = Counter((row["message"], row["revision"]) for row in log.replies)
    for (message, _), times in keys.items():
        if times > 1:
            yield "counted_twice", f"message {message} is there {times} times"
    attempts = Counter(
        (row["message"], row["user_id"], row["text"]) for row in log.replies if row["user_id"] and row["text"]
    )
    for (message, _, _), times in attempts.items():
        if times > 1:
            yield "counted_twice", f"message {message} counts {times} times with the same words"
    for row in log.replies:
        truth = _truth(row, truths)
        marker = row["state"] == "deleted" and not row["user_id"]  # of a deletion that overtook its message
        if truth is None and not marker:
            yield "counted_twice", f"reply {row['id']} was never written"
        elif truth and row["text"] and row["user_id"] and (row["text"], row["user_id"]) != (truth.text, truth.author):
            yield "counted_twice", f"reply {row['id']} is not what was written"


# ---------------------------------------------------------------------------------------------- what was said


def _said(world: World, log: Log) -> Iterator[Fault]:
    """Each message of the outbox is there once and in order, and nothing else."""
    rows = {str(row["id"]): row for row in log.outbox}
    visible = [said for said in world.said if not said.erased]
    for key, times in Counter(said.key for said in visible).items():
        if times > 1:
            yield "posted_twice", f"message {key} ({rows[key]['kind'] if key in rows else '?'}) {times} times"
    for said in visible:
        if said.key not in rows:
            yield "posted_twice", f"message {said.key} ({said.kind}) is in no outbox"
    about = Counter(
        (rows[said.key]["kind"], rows[said.key]["round_id"], rows[said.key]["reply_id"])
        for said in {said.key: said for said in visible if said.key in rows}.values()
    )
    for (kind, round_id, reply_id), times in about.items():
        if times > 1:
            yield "posted_twice", f"{kind} of round {round_id}, reply {reply_id} under {times} keys"
    yield from _order(world.said)
    yield from _scores(visible, rows, log)


def _order(said: list[Said]) -> Iterator[Fault]:
    newest: defaultdict[str, int] = defaultdict(int)
    first: set[str] = set()
    for message in said:
        if message.key in first:
            continue  # twice is another fault
        first.add(message.key)
        if int(message.key) < newest[message.channel]:
            yield "out_of_order", f"message {message.key} of {message.channel} after {newest[message.channel]}"
        newest[message.channel] = max(newest[message.channel], int(message.key))


def _scores(visible: list[Said], rows: dict[str, Row], log: Log) -> Iterator[Fault]:
    scores = {row["id"]: row["score"] for row in log.replies if row["state"] == "graded"}
    for said in visible:
        reply = rows[said.key]["reply_id"] if said.key in rows and said.kind == "grade" else None
        if reply in scores and f"Score: {scores[reply]}/10" not in said.text:
            yield "stale_words", f"the grade of reply {reply} doesn't show {scores[reply]}"


def _expected_posts(world: World, log: Log) -> Iterator[Fault]:
    """What has to have been said: each public grade, each question, each reveal."""
    said = {said.key for said in world.said}
    sent = {(row["kind"], row["round_id"], row["reply_id"]): row for row in log.outbox}
    wanted = [("grade", row["round_id"], row["id"]) for row in log.replies if row["state"] == "graded"]
    private = {row["id"] for row in log.replies if row["private"]}
    rounds = [row["id"] for row in log.rounds if row["state"] in ("open", "closed")]
    wanted += [("question", id_, None) for id_ in rounds]
    wanted += [("reveal", row["id"], None) for row in log.rounds if row["revealed_at"]]
    for what in wanted:
        row = sent.get(what)
        if row is None:
            yield "lost", f"{what[0]} of round {what[1]}, reply {what[2]} was never to be said"
        elif what[2] not in private and str(row["id"]) not in said and str(row["id"]) not in world.refused:
            yield "lost", f"message {row['id']} ({what[0]}) is {row['state']} and was never said"


# ---------------------------------------------------------------------------------------------- boards


def expected_results(world: World, log: Log, truths: dict[tuple[str, str], Truth]) -> dict[tuple[int, str], int]:
    """What counts for each (round, person): from what people wrote and each channel's last rule."""
    rules = _rules(world, log)
    rounds = {row["id"]: row for row in log.rounds}
    attempts: defaultdict[tuple[int, str], list[tuple[int, int, int | None]]] = defaultdict(list)
    for row in log.replies:
        truth = _truth(row, truths)
        if truth is None or not row["user_id"] or row["state"] not in (*_SCORED, "withdrawn"):
            continue
        if truth.at < rounds[row["round_id"]]["closes_at"]:
            worth = None if truth.copied or row["state"] == "withdrawn" else truth.score
            attempts[row["round_id"], truth.author].append((truth.at, row["id"], worth))
    found = {}
    for (round_id, person), tried in attempts.items():
        worths = [worth for _, _, worth in sorted(tried)]
        counted = _counted(rules.get(rounds[round_id]["channel"], "first"), worths)
        if counted is not None:
            found[round_id, person] = counted
    return found


def _rules(world: World, log: Log) -> dict[str, str]:
    """Each channel's rule: the last one set, or one that was set since without an answer, if the coach has that."""
    may_be: defaultdict[str, list[str]] = defaultdict(lambda: ["first"])
    for use in world.uses:
        if use.verb == "config set" and use.args["name"] == "rule":
            if use.answered_at:
                may_be[use.channel].clear()
            may_be[use.channel].append(use.args["value"])
    has = {row["channel"]: row["rule"] for row in log.rounds}
    return {channel: has[channel] if has.get(channel) in rules else rules[0] for channel, rules in may_be.items()}


def _counted(rule: str, worths: list[int | None]) -> int | None:
    if rule == "first":
        return worths[0]
    if rule == "latest":
        return worths[-1]
    return max((worth for worth in worths[:_BEST_OF] if worth is not None), default=None)


def _boards(world: World, log: Log, truths: dict[tuple[str, str], Truth]) -> Iterator[Fault]:
    wanted = expected_results(world, log, truths)
    there = {(row["round_id"], row["user_id"]): row["score"] for row in log.results}
    for key in sorted({*wanted, *there}):
        if wanted.get(key) != there.get(key):
            yield "wrong_board", f"{key[1]} at round {key[0]}: {there.get(key)} instead of {wanted.get(key)}"
    rounds = {row["id"]: row for row in log.rounds}
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (round_id, person), score in wanted.items():
        round_ = rounds[round_id]
        for period in periods(dt.date.fromisoformat(round_["local_date"])):
            for topic in ("", round_["section"]):
                sums[period, topic, person][0] += score
                sums[period, topic, person][1] += 1
    board = {(row["period"], row["topic"], row["user_id"]): [row["points"], row["answers"]] for row in log.standings}
    for place in sorted({*sums, *board}):
        if sums.get(place) != board.get(place):
            yield "wrong_board", f"{place}: {board.get(place)} instead of {sums.get(place)}"
