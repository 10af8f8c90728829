"""The coach's speed, as ratios to baselines that are measured in the same run.

    python -m benchmarks [--quick] [--only NAME ...] [--json] [--write] [--folder DIR]

Prints a line `name: value` for each figure, and beside it, on stderr, its goal. A value is the median of several turns
in which the coach and its baseline are measured one after the other. It is a report: a goal that isn't met is no error.
Takes about three minutes; `--quick` less than one, with fewer turns and a smaller board.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import page
from benchmarks.figures import FIGURES, Found
from benchmarks.measures import MEASURES, Plan


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer turns and a smaller board")
    parser.add_argument(
        "--only", nargs="+", choices=FIGURES, metavar="NAME", help=f"one or more of {', '.join(FIGURES)}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead, with every turn")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/scale.md")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure (default: here)")
    asked = parser.parse_args()
    wanted = set(asked.only or FIGURES)
    report: dict[str, Found] = {}
    for measure, names in MEASURES.items():
        if not wanted.intersection(names):
            continue
        for found in measure(Plan(asked.folder, asked.quick)):
            if found.figure.name in wanted:
                report[found.figure.name] = found
                if not asked.json:
                    print(found.line(), flush=True)
                print(f"    {found.remark()}", file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps({name: found.data() for name, found in report.items()}, indent=2))
    if asked.write:
        page.renew("figures", _table(report.values()))


def _table(report: Iterable[Found]) -> str:
    rows = [f"| `{found.figure.name}` | {found.row()} |" for found in report]
    return "\n".join(["| figure | value | goal | met |", "|---|---:|---:|---|", *rows, "", page.machine()])


if __name__ == "__main__":
    main()
