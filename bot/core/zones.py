"""The time zones that can be chosen."""

from __future__ import annotations

import functools
import zoneinfo

_THIS_MACHINES = frozenset({"Factory", "localtime", "posixrules"})


@functools.cache
def zones() -> frozenset[str]:
    """The names of IANA's zones, less those that mean another zone, or none, on another machine.

    A database is read elsewhere too: a zone that isn't known there stops more than the one who chose it.
    """
    return frozenset(zoneinfo.available_timezones() - _THIS_MACHINES)
