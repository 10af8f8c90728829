"""Reading the settings from the environment and a .env file, with a clear word about what is wrong."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.core.errors import SettingsError
from bot.settings.fields import ABOUT, NAMES, PREFIX, Settings

log = logging.getLogger(__name__)

# Names of other programs that share a .env with the coach.
_FOREIGN = ("OPENAI_", "POSTGRES_", "COMPOSE_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TZ")
# Names that the openai library reads, for where ours are unset.
_OPENAI = {"OPENAI_BASE_URL": "llm_base_url", "OPENAI_API_KEY": "llm_api_key"}


def load(environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
    """Read the settings: the environment over `.env` (in the working folder unless told otherwise).

    Raises SettingsError for a bad value and an unknown name in .env; an unknown COACH_ name in the environment is
    logged as a warning.
    """
    environ = os.environ if environ is None else environ
    file = Path(".env") if dotenv is None else dotenv
    known = {f"{PREFIX}{name.upper()}": name for name in NAMES}
    given = [_dotenv(file, known), environ]
    values = _named(given, _OPENAI) | _named(given, known)  # an empty variable is an unset one
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            log.warning("%s in the environment is not a setting.%s", name, _meant(name, known))
    return _settings(values)


def _settings(values: Mapping[str, str]) -> Settings:
    """All values read from their texts. Raises SettingsError, one line for all that is wrong."""
    read: dict[str, Any] = {}
    wrong = []
    for name in NAMES:
        try:
            if name in values:
                read[name] = ABOUT[name].read(values[name])
        except ValueError as error:
            wrong.append(f"{PREFIX}{name.upper()} is wrong{_value(name, values)}: {error}")
    if wrong:  # out here, so that no cause shows a value, which may be a secret
        raise SettingsError("; ".join(wrong))
    return Settings(**read)


def _named(given: Sequence[Mapping[str, str | None]], names: Mapping[str, str]) -> dict[str, str]:
    """What is given for some names, by their fields; the last that gives a value has the say."""
    return {names[name]: value for values in given for name, value in values.items() if value and name in names}


def _dotenv(file: Path, known: Mapping[str, str]) -> dict[str, str | None]:
    if not file.is_file():
        return {}
    from dotenv import dotenv_values  # only where there is such a file

    try:
        found = dotenv_values(file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file} can't be read ({type(error).__name__}). Check its permissions and that it is UTF-8."
        ) from error
    for name in found:
        if name not in known and not name.startswith(_FOREIGN):
            raise SettingsError(f"{name} in {file} is not a setting.{_meant(name, known)} Remove or correct it.")
    return dict(found)


def _meant(name: str, known: Mapping[str, str]) -> str:
    import difflib  # only for a slip of the pen

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8) or difflib.get_close_matches(
        f"{PREFIX}{name}", known, n=1, cutoff=0.8
    )
    return f" Did you mean {close[0]}?" if close else ""


def _value(field: str, values: Mapping[str, str]) -> str:
    """The value in question, unless it is or may hold a secret."""
    return "" if field.endswith(("_token", "_url", "_key", "_secret")) else f" ({values[field]!r:.60})"
