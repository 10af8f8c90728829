"""What is said about a community's bank as a document."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.errors import Fault
from bot.core.message import Attachment, Block, Bullets, Message, Para, Strong
from bot.core.render.words import counted, cut, say

MOST_FAULTS = 15


def bank_exported(document: str, count: int) -> Message:
    """The bank as a file; `count` questions."""
    if not count:
        return say("This community has no questions of its own yet. /mlops bank export all gives those of everybody.")
    words = f"{counted(count, 'question')}. Change what you like and bring it in with /mlops bank import."
    return Message("The bank", (Para((words,)), Attachment("mlops-coach-bank.md", document)))


def bank_imported(new: Sequence[str], changed: Sequence[str], unchanged: Sequence[str], drafts: int) -> Message:
    """What an import did, by the questions' ids."""
    lines = [(label, ids) for label, ids in (("New", new), ("Changed", changed), ("As before", unchanged)) if ids]
    blocks: list[Block] = [
        Bullets(tuple((Strong(f"{label} ({len(ids)})"), f": {cut(', '.join(ids), 300)}") for label, ids in lines))
    ]
    if drafts:
        blocks.append(Para((f"{counted(drafts, 'draft')} without a sample answer: listed, never asked.",)))
    return Message("Imported", tuple(blocks))


def not_imported(faults: Sequence[Fault], document: str) -> Message:
    """Why a document was refused; each fault with its line in the `document`, which is given back."""
    shown = tuple(
        (Strong(f"Line {fault.line}" if fault.line else "The document"), f": {fault.problem}; {fault.remedy}.")
        for fault in faults[:MOST_FAULTS]
    )
    blocks: list[Block] = [Para(("Nothing was changed. Mend this and send it again:",)), Bullets(shown)]
    if len(faults) > MOST_FAULTS:
        blocks.append(Para((f"And {len(faults) - MOST_FAULTS} more.",)))
    blocks.append(Attachment("what-you-wrote.md", document))
    return Message("Not imported", tuple(blocks), refusal=True)
