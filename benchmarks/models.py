"""What grading costs above what can't be avoided: the model's inference, and the texts of a prompt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks.speed import tasks
from bot import content
from bot.core.model import Task
from bot.graders.embedded import EmbeddedGrader
from bot.graders.embedded.encoder import Encoder
from bot.graders.embedded.text import sentences
from bot.graders.llm.request import Template
from bot.graders.llm.schema import FORM

_PLACEHOLDERS = ("{question}", "{sample_answer}", "{key_points}", "{answer}")


def grade_ratios(answers: int, repetitions: int) -> list[float]:
    """Processor time of embedded grades over that of the bare model (tokenizer and inference) for the same texts.

    A figure per repetition. The reference side of each question is computed before.
    """
    grader, encoder, asked = EmbeddedGrader(), Encoder(), tasks(answers)
    for task in asked:
        grader.judge(Task(task.question, task.sample_answer, task.key_points, "A first answer fills the cache."))

    def bare(task: Task) -> None:
        for each in sentences(task.answer):
            encoder.encode(each.text)

    return [_ratio(asked, grader.judge, bare) for _ in range(repetitions)]


def _ratio(asked: Sequence[Task], act: Callable[[Task], object], bare: Callable[[Task], object]) -> float:
    spent = [0.0, 0.0]
    for task in asked:  # by turns, so that a busy moment of the machine falls on both
        for which, run in enumerate((act, bare)):
            begun = time.thread_time()
            run(task)
            spent[which] += time.thread_time() - begun
    return spent[0] / spent[1]


def token_ratios(answers: int) -> list[float]:
    """Tokens of an LLM grade's prompt over those of its texts: template, question, sample answer, key points, answer.

    A figure per answer. The form of the reply is part of the schema and not counted. The embedded model's word pieces
    stand for the tokens of a larger model's: both sides are counted alike.
    """
    count = _counter()
    text = content.load_prompts(content.default_folder("prompts")).strict.text
    template = Template(text)
    for placeholder in _PLACEHOLDERS:
        text = text.replace(placeholder, "")
    return [_tokens(template, task, count) / (count(text) + _texts(task, count)) for task in tasks(answers)]


def _tokens(template: Template, task: Task, count: Callable[[str], int]) -> int:
    request = template.request(task)
    return sum(count(message["content"].replace(FORM, "")) for message in request.messages())


def _texts(task: Task, count: Callable[[str], int]) -> int:
    parts = [task.question, task.sample_answer, *(str(point) for point in task.key_points), task.answer]
    return sum(map(count, parts))


def _counter() -> Callable[[str], int]:
    encoder = Encoder()
    return lambda text: len(encoder._tokenizer.encode(text, add_special_tokens=False).ids)  # noqa: SLF001
