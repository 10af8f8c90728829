"""Reading, checking and writing documents of questions, and the grading templates.

Pure functions on text; what reads files is small and blocking: call it through `asyncio.to_thread`.
"""

from bot.content.bank import as_json, checks, default_folder, from_json, load_bank, read_document
from bot.content.documents import Document, parse
from bot.content.markdown import render
from bot.content.prompts import Prompt, Prompts, load_prompts, parse_prompt

__all__ = [
    "Document",
    "Prompt",
    "Prompts",
    "as_json",
    "checks",
    "default_folder",
    "from_json",
    "load_bank",
    "load_prompts",
    "parse",
    "parse_prompt",
    "read_document",
    "render",
]
