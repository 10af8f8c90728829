"""Reading the settings from the environment and a .env file, with a clear word about what is wrong."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from bot.core.errors import SettingsError
from bot.settings.fields import PREFIX, Settings

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
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    given = [_dotenv(file, known), environ]
    values = _named(given, _OPENAI) | _named(given, known)  # an empty variable is an unset one
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            log.warning("%s in the environment is not a setting.%s", name, _meant(name, known))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_worded(error, values)) from None  # the cause would show the value, which may be a secret


def _named(given: Sequence[Mapping[str, str | None]], names: Mapping[str, str]) -> dict[str, str]:
    """What is given for some names, by their fields; the last that gives a value has the say."""
    return {names[name]: value for values in given for name, value in values.items() if value and name in names}


def _dotenv(file: Path, known: Mapping[str, str]) -> dict[str, str | None]:
    if not file.is_file():
        return {}
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
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8) or difflib.get_close_matches(
        f"{PREFIX}{name}", known, n=1, cutoff=0.8
    )
    return f" Did you mean {close[0]}?" if close else ""


def _value(field: str, values: Mapping[str, str]) -> str:
    """The value in question, unless it is or may hold a secret."""
    kept = field.endswith(("_token", "_url", "_key", "_secret")) or field not in values
    return "" if kept else f" ({values[field]!r:.60})"


def _worded(error: ValidationError, values: Mapping[str, str]) -> str:
    """One line for all that is wrong."""
    lines = []
    for found in error.errors(include_input=False, include_url=False):
        field = str(found["loc"][0])
        what = found["msg"].removeprefix("Value error, ").removeprefix("Input ")
        lines.append(f"{PREFIX}{field.upper()} is wrong{_value(field, values)}: {what}")
    return "; ".join(lines)
