"""A lock on a file: one process has it, and the system frees it when that process dies.

The system's own call, on every system; libraries for this load locks of other kinds that are never used here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BEYOND: Final = 1 << 30
"""Windows locks bytes, and nobody else may read them: one behind all that the file holds."""


class FileLock:
    """The lock on a file, which is made where there is none. Taken by `take`."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def take(cls, file: Path) -> FileLock:
        """Take the lock at once. Raises BlockingIOError where it is taken, here or elsewhere, and other OSErrors."""
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
        except BaseException:
            os.close(handle)
            raise
        return cls(handle)

    def release(self) -> None:
        """Let go of it; may be called again."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)  # which frees it


if sys.platform == "win32":

    def _lock(handle: int) -> None:
        os.lseek(handle, _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # what Windows says of a lock that is taken
            raise BlockingIOError(*error.args) from error

else:

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
