"""`mlops-coach bank`: check, list, show, import and export questions."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import content, parts, settings
from bot.coach import records
from bot.coach.rounds import Bank
from bot.core.errors import CoachError, ContentError, Fault, UsageError
from bot.core.model import Place, Question
from bot.core.ports import Unit, one, rows
from bot.settings import Settings
from bot.stores import admin, open_store

if TYPE_CHECKING:
    from argparse import _SubParsersAction

FAULTY = 1
MOST_ADVICE = 10


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser("bank", help="check, list, show, import or export questions")
    verbs = command.add_subparsers(metavar="VERB", required=True)
    check_ = verbs.add_parser("check", help="read documents and name their faults")
    check_.add_argument("path", type=Path, nargs="?", help="a document or a folder; without one the bank in use")
    list_ = verbs.add_parser("list", help="list the questions")
    show_ = verbs.add_parser("show", help="show one question")
    show_.add_argument("id")
    import_ = verbs.add_parser("import", help="take a document's questions into the database, all or none")
    import_.add_argument("file", type=Path)
    import_.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
    export_ = verbs.add_parser("export", help="write the questions as one document")
    export_.add_argument("--output", type=Path, help="a new file; without it standard output")
    functions = {check_: check, list_: list_all, show_: show, import_: import_file, export_: export}
    for verb, function in functions.items():
        verb.add_argument("--json", action="store_true", help="print JSON")
        verb.set_defaults(command=function)
    for verb in (list_, show_, import_, export_):
        verb.add_argument(
            "--community",
            default="",
            metavar="PLATFORM/ID",
            help="one community's questions, such as discord/1234; without it those of all",
        )


# ---------------------------------------------------------------------------------------------- verbs


async def check(arguments: argparse.Namespace) -> int:
    """Read a document, a folder or the bank in use; 1 when there are faults."""
    try:
        questions = await _read(arguments.path)
    except ContentError as error:
        return _rejected(error, as_json=arguments.json)
    advice = content.checks(questions)
    if arguments.json:
        _print_json({"questions": [content.as_json(q) for q in questions], "faults": [], "advice": _faults(advice)})
        return 0
    _print_advice(advice)
    print(f"{_counted(questions)}; no faults")
    return 0


async def list_all(arguments: argparse.Namespace) -> int:
    """Every question of the bank in use, by section."""
    questions = await _in_use(arguments.community)
    if arguments.json:
        _print_json([content.as_json(question) for question in questions])
        return 0
    section = None
    for question in questions:
        if question.section != section:
            section = question.section
            print(section)
        mark = " (draft)" if question.draft else ""
        print(f"  {question.id}: {question.title}{mark}")
    print(_counted(questions))
    return 0


async def show(arguments: argparse.Namespace) -> int:
    """One question in full. Raises UsageError for an id that isn't there."""
    questions = {question.id: question for question in await _in_use(arguments.community)}
    if arguments.id not in questions:
        raise UsageError(f"There is no question {arguments.id!r:.80}. mlops-coach bank list shows the ids.")
    question = questions[arguments.id]
    if arguments.json:
        _print_json(content.as_json(question))
    else:
        print(content.render([question], question.section or "Question"), end="")
    return 0


async def import_file(arguments: argparse.Namespace) -> int:
    """Take a document in, whole or not at all; 1 when it has faults, and then the bank stays as it was."""
    try:
        document = await asyncio.to_thread(content.read_document, arguments.file)
    except ContentError as error:
        return _rejected(error, as_json=arguments.json)
    chosen = settings.load()
    place = _place(arguments.community)
    if arguments.dry_run:
        before = await _imported(chosen, place)
        changes = _changes(before, document.questions)
    else:
        await parts.make_folder(chosen)
        store = await open_store(chosen.database_url)
        try:
            changes = await store.write(_import, place, document.questions)
        finally:
            await store.close()
    if arguments.json:
        questions = [content.as_json(question) for question in document.questions]
        _print_json({"file": str(arguments.file), "dry_run": arguments.dry_run, **changes, "questions": questions})
        return 0
    for name, ids in changes.items():
        if ids and name != "unchanged":
            print(f"{name}: {', '.join(ids)}")
    done = "would be imported" if arguments.dry_run else "imported"
    print(f"{arguments.file}: {_counted(document.questions)}, {done}")
    return 0


async def export(arguments: argparse.Namespace) -> int:
    """The bank in use as one document that imports again. Raises UsageError when the file is there already."""
    questions = await _in_use(arguments.community)
    if arguments.json:
        text = json.dumps([content.as_json(question) for question in questions], ensure_ascii=False, indent=2) + "\n"
    else:
        text = content.render(questions, "Questions")
    if arguments.output is None:
        print(text, end="")
        return 0
    await asyncio.to_thread(_write_new, arguments.output, text)
    print(f"{arguments.output}: {_counted(questions)}")
    return 0


# ---------------------------------------------------------------------------------------------- pieces


async def _read(path: Path | None) -> Sequence[Question]:
    if path is None:
        return await parts.bank_of(settings.load())
    if await asyncio.to_thread(path.is_dir):
        return await asyncio.to_thread(content.load_bank, path)
    return (await asyncio.to_thread(content.read_document, path)).questions


async def _in_use(community: str) -> Sequence[Question]:
    """The default bank with what was imported; the coach may be running."""
    chosen = settings.load()
    default = await parts.bank_of(chosen)
    if not await admin.exists(chosen.database_url):
        return default
    return await admin.look(chosen.database_url, Bank(lambda: default).questions, _place(community))


async def _imported(chosen: Settings, place: Place) -> dict[str, str]:
    if not await admin.exists(chosen.database_url):
        return {}
    return await admin.look(chosen.database_url, _bodies, place)


def _place(community: str) -> Place:
    platform, _, id_ = community.partition("/")
    if community and not (platform and id_):
        raise UsageError(f"{community!r:.80} is not a community. Write a platform and an id, such as discord/1234.")
    return Place(platform, id_, "")


def _bodies(place: Place) -> Unit[dict[str, str]]:
    found = yield from rows("questions_imported", platform=place.platform, community=place.community)
    return {row["id"]: row["body"] for row in found if row["community"] == place.community}


def _import(place: Place, questions: Sequence[Question]) -> Unit[dict[str, list[str]]]:
    before = yield from _bodies(place)
    for position, question in enumerate(questions):
        yield from one(
            "question_put",
            platform=place.platform,
            community=place.community,
            id=question.id,
            position=position,
            body=records.question_body(question),
        )
    return _changes(before, questions)


def _changes(before: dict[str, str], questions: Sequence[Question]) -> dict[str, list[str]]:
    """The ids that are new, that say something else now, and that stay as they were."""
    changes: dict[str, list[str]] = {"new": [], "changed": [], "unchanged": []}
    for question in questions:
        body = before.get(question.id)
        kind = "new" if body is None else "unchanged" if body == records.question_body(question) else "changed"
        changes[kind].append(question.id)
    return changes


def _counted(questions: Sequence[Question]) -> str:
    drafts = sum(question.draft for question in questions)
    noun = "question" if len(questions) == 1 else "questions"
    return f"{len(questions)} {noun}, {len(questions) - drafts} with a sample answer, {drafts} drafts"


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already. Choose another name.") from error
    except OSError as error:
        raise CoachError(f"{path} can't be written ({error.strerror}). Choose another place.") from error


def _rejected(error: ContentError, *, as_json: bool) -> int:
    if as_json:
        _print_json({"error": "rejected: the bank stays as it was", "faults": _faults(error.faults)})
    for fault in error.faults:
        print(f"mlops-coach: {fault}", file=sys.stderr)
    return FAULTY


def _print_advice(advice: Sequence[Fault]) -> None:
    """A line a question, the first few of them."""
    lines: dict[str, list[str]] = {}
    for fault in advice:
        lines.setdefault(fault.file, []).append(f"{fault.problem} ({fault.remedy})")
    for id_, found in list(lines.items())[:MOST_ADVICE]:
        print(f"advice on {id_}: {'; '.join(found)}", file=sys.stderr)
    if len(lines) > MOST_ADVICE:
        print(f"advice on {len(lines) - MOST_ADVICE} more questions: see --json", file=sys.stderr)


def _faults(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    return [{"file": f.file, "line": f.line, "problem": f.problem, "remedy": f.remedy} for f in faults]


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
