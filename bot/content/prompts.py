"""Reading the grading templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bot.content.bank import markdown_files, read_bytes
from bot.content.faults import Faults, decode, shorten
from bot.core.errors import ContentError, Fault

STRICT = "strict"
NAMES = (STRICT,)
_PARTS = {
    "[Question]": "{question}",
    "[Sample Answer]": "{sample_answer}",
    "[Key Points]": "{key_points}",
    "[Student Answer]": "{answer}",
}
_LAST = "[Student Answer]"
_OPTIONAL = "[Key Points]"
_VERSION = re.compile(r"Version:[ \t]*([1-9]\d{0,5})[ \t]*", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A grading template. `version` counts from 1 and grows with every change of the text."""

    name: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """All templates by name; `strict` is the one that replies are graded with."""

    by_name: Mapping[str, Prompt]

    @property
    def strict(self) -> Prompt:
        return self.by_name[STRICT]


def load_prompts(folder: Path) -> Prompts:
    """The templates that the coach uses, from a folder that may hold other files too.

    Raises ContentError with the faults of all.
    """
    faults: list[Fault] = []
    found: dict[str, Prompt] = {}
    files = {path.stem: path for path in markdown_files(folder)}
    for name in NAMES:
        if name not in files:
            faults.append(
                Fault(f"{folder}/{name}.md", 0, "the template is missing", "put it into the folder of prompts")
            )
            continue
        try:
            found[name] = parse_prompt(read_bytes(files[name]), files[name].name)
        except ContentError as error:
            faults.extend(error.faults)
    if faults:
        raise ContentError(faults)
    return Prompts(MappingProxyType(found))


def parse_prompt(content: str | bytes, file: str) -> Prompt:
    """Read a template: a line `Version: N`, then the text.

    Each of [Question], [Sample Answer], [Key Points] (which may be left out) and [Student Answer] begins a line once,
    its placeholder stands once, in that part, and the student's answer comes last. Raises ContentError with all faults.
    """
    faults = Faults(file)
    first, _, rest = decode(content, faults).partition("\n")
    version = _VERSION.fullmatch(first)
    if not version:
        faults.add(1, f"the first line is {shorten(first) or 'empty'}", "begin the file with a line like `Version: 1`")
    lines = rest.split("\n")
    labels = _labels(lines, faults)
    _check_placeholders(lines, labels, faults)
    if _LAST in labels and max(labels, key=lambda name: labels[name]) != _LAST:
        faults.add(labels[_LAST], f"{_LAST} isn't the last part", "put it behind the others")
    faults.check()
    return Prompt(Path(file).stem, int(version[1]) if version else 0, rest.strip())


def _labels(lines: list[str], faults: Faults) -> dict[str, int]:
    """The line at which each part begins; line 1 of the file is the version's."""
    labels: dict[str, int] = {}
    for number, line in enumerate(lines, 2):
        for name in _PARTS:
            if not line.lstrip(" \t#*_").startswith(name):
                continue
            if name in labels:
                faults.add(number, f"{name} begins a part twice, first in line {labels[name]}", "keep one")
            labels.setdefault(name, number)
    for name, placeholder in _PARTS.items():
        if name not in labels and name != _OPTIONAL:
            faults.add(0, f"no part begins with {name}", f"write {name} at the start of a line, then {placeholder}")
    return labels


def _check_placeholders(lines: list[str], labels: Mapping[str, int], faults: Faults) -> None:
    known = {placeholder: name for name, placeholder in _PARTS.items()}
    seen: dict[str, int] = {}
    part = ""
    starts = {number: name for name, number in labels.items()}
    for number, line in enumerate(lines, 2):
        part = starts.get(number, part)
        for found in _PLACEHOLDER.finditer(line):
            placeholder = found[0]
            if placeholder not in known:
                faults.add(number, f"unknown placeholder {shorten(placeholder)}", f"use one of {', '.join(known)}")
            elif placeholder in seen:
                problem = f"{placeholder} stands twice, first in line {seen[placeholder]}"
                faults.add(number, problem, "keep the one in its own part")
            elif known[placeholder] in labels and part != known[placeholder]:
                faults.add(number, f"{placeholder} stands outside of its part", f"put it below {known[placeholder]}")
            seen.setdefault(placeholder, number)
    for placeholder, name in known.items():
        if placeholder not in seen and (name in labels or name != _OPTIONAL):
            faults.add(labels.get(name, 0), f"{placeholder} is missing", f"put it below {name}")
