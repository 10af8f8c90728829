"""The grader as the coach sees it: asynchronous, lazy, and never on the event loop's own thread."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import GraderError
from bot.core.model import KeyPoint, Task, Verdict

if TYPE_CHECKING:
    from bot.graders.embedded.judge import Judge


AT_ONCE = 16
"""Answers that are encoded together when that many wait: more would keep the first ones waiting for the last."""


class EmbeddedGrader:
    """Grades offline on the CPU, by token alignment with a small encoder.

    Nothing heavy is imported or loaded before the first answer. `folder` may hold another `model.onnx` with its
    `vocab.txt`; `threads` is how many the model may use for one answer (the verdict is the same with any).
    """

    name = "embedded"

    def __init__(self, folder: Path | None = None, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._judge: Judge | None = None
        self._loading = threading.Lock()
        self._closing = False
        self._waiting: deque[tuple[Task, Future[Verdict]]] = deque()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-grader")

    async def grade(self, task: Task) -> Verdict:
        """Grade on the grader's own thread; raises GraderError when the model can't be had."""
        verdict: Future[Verdict] = Future()
        self._waiting.append((task, verdict))
        try:
            self._worker.submit(self._work_off)
        except RuntimeError as exc:
            raise GraderError("the embedded grader is closed") from exc
        return await asyncio.wrap_future(verdict)

    def _work_off(self) -> None:
        """Grade those who wait, AT_ONCE at most, each as it would be alone; the next call takes the next ones."""
        taken = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        for number, (task, verdict) in enumerate(taken):
            if self._closing:
                verdict.cancel()
            if not verdict.set_running_or_notify_cancel():
                continue
            try:
                if number == 0 and len(taken) > 1:
                    self._load().expect([each for each, _ in taken])
                verdict.set_result(self.judge(task))
            except BaseException as exc:  # noqa: BLE001  # whoever awaits the verdict gets it
                verdict.set_exception(exc)
        if len(taken) > 1 and self._judge:
            self._judge.expect(())

    def judge(self, task: Task) -> Verdict:
        """Grade on the caller's thread. Everything but `receipt.seconds` follows from the task alone."""
        begun = time.perf_counter()
        verdict = self._load().verdict(task)
        receipt = dataclasses.replace(verdict.receipt, seconds=round(time.perf_counter() - begun, 4))
        return dataclasses.replace(verdict, receipt=receipt)

    async def supports(self, pairs: Sequence[tuple[KeyPoint, str]], question: str = "") -> list[bool]:
        """For each (point, quote) of one answer to `question`: whether the quote carries the point, at least partly.

        Raises as `grade` does.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, self._supported, tuple(pairs), question
            )
        except RuntimeError as exc:
            raise GraderError("the embedded grader is closed") from exc

    def _supported(self, pairs: Sequence[tuple[KeyPoint, str]], question: str) -> list[bool]:
        return self._load().supported(pairs, question)

    async def close(self) -> None:
        """Let the answer in work finish, drop the others, and forget the model."""
        self._closing = True
        await asyncio.to_thread(self._worker.shutdown, wait=True, cancel_futures=True)
        for _, verdict in self._waiting:
            verdict.cancel()
        self._waiting.clear()
        self._judge = None

    def _load(self) -> Judge:
        with self._loading:
            if self._judge is None:
                try:
                    from bot.graders.embedded.judge import Judge
                except ImportError as exc:
                    raise GraderError(f"the embedded grader needs the {exc.name} package") from exc
                self._judge = Judge(self._folder, self._threads)
            return self._judge
