"""The coach's settings, from the environment and a .env file, all with the prefix COACH_.

Built by `load`, never at import. The README's table is made from the descriptions here.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.errors import SettingsError

log = logging.getLogger(__name__)

PREFIX = "COACH_"
PLATFORMS = ("web", "discord", "slack")
# Names of other programs that share a .env with the coach.
_FOREIGN = ("OPENAI_", "POSTGRES_", "COMPOSE_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TZ")


class Settings(BaseSettings):
    """Everything that can be set. Secrets never show in logs or errors."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    platforms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("web",), description="Where the coach talks: a comma list of `web`, `discord`, `slack`."
    )
    database_url: str = Field(
        "sqlite:///data/mlops-coach.sqlite3",
        description="The database; `sqlite:///` and a path, relative to the working folder or absolute (four slashes).",
    )
    grader: Literal["embedded", "llm"] = Field(
        "embedded", description="Who grades: `embedded` (offline, on this machine's CPU) or `llm`."
    )
    bank: Path | None = Field(None, description="A folder of question documents used instead of the built-in bank.")
    prompts: Path | None = Field(None, description="A folder with a `strict.md` used instead of the built-in template.")
    model: Path | None = Field(
        None, description="A folder with `model.onnx` and `vocab.txt` used by the embedded grader instead of its own."
    )
    timezone: str = Field(
        "", description="The IANA zone of the local chat's daily question. Unset: this machine's own."
    )
    question_cooldown_s: Annotated[int, Field(ge=0, le=86_400)] = Field(
        60, description="Seconds between two questions asked on demand in one channel."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged to stderr.")
    web_host: str = Field("127.0.0.1", description="The address that the local chat listens on.")
    web_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8765, description="The local chat's port; 0 takes any free one."
    )
    web_token: SecretStr | None = Field(
        None, description="What opens the local chat. Needed when it listens beyond this machine."
    )
    web_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Host names, a comma list, by which browsers reach the local chat beside `COACH_WEB_HOST`."
    )
    discord_token: SecretStr | None = Field(None, description="The Discord bot's token; `discord` needs it.")
    discord_api_url: str = Field(
        "", description="A REST proxy's or test server's address instead of Discord's, up to `/api/v10`."
    )
    discord_gateway_url: str = Field("", description="A gateway's address (`ws://` or `wss://`) instead of Discord's.")
    forget_after_days: Annotated[int, Field(ge=0, le=3_650)] = Field(
        30, description="Days after which a community that removed the coach is forgotten."
    )
    encryption_key: SecretStr | None = Field(
        None,
        description="Fernet keys, a comma list with the newest first, that encrypt the tokens which workspaces give by"
        " OAuth.",
    )
    slack_mode: Literal["socket", "http"] = Field(
        "socket", description="How Slack reaches the coach: `socket` (Socket Mode) or `http` (signed requests)."
    )
    slack_bot_token: SecretStr | None = Field(
        None, description="The Slack bot's token (`xoxb-`) of one workspace; without it workspaces install by OAuth."
    )
    slack_app_token: SecretStr | None = Field(
        None, description="The Slack app-level token (`xapp-`) with `connections:write`; Socket Mode needs it."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="The Slack app's signing secret; `COACH_SLACK_MODE=http` needs it."
    )
    slack_client_id: str = Field("", description="The Slack app's client id, for installing in several workspaces.")
    slack_client_secret: SecretStr | None = Field(None, description="The client secret that belongs to it.")
    slack_api_url: str = Field(
        "", description="The address of GovSlack's API, a proxy or a test server instead of Slack's, up to `/api/`."
    )
    slack_host: str = Field("127.0.0.1", description="The address that Slack's requests and installations come to.")
    slack_port: Annotated[int, Field(ge=0, le=65_535)] = Field(3000, description="The port for them.")
    slack_command: str = Field("/mlops", description="The slash command's name, as the app's manifest has it.")

    @field_validator("platforms", "web_hosts", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
        return value

    @field_validator("platforms")
    @classmethod
    def _known_platforms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in PLATFORMS]
        if unknown or not value:
            raise ValueError(f"use a comma list of {', '.join(PLATFORMS)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value and value not in zoneinfo.available_timezones():
            raise ValueError("use an IANA zone such as Europe/Berlin")
        return value

    @field_validator("encryption_key")
    @classmethod
    def _known_keys(cls, value: SecretStr | None) -> SecretStr | None:
        for key in value.get_secret_value().split(",") if value else ():
            if not re.fullmatch(r"[\w-]{43}=", key.strip(), re.ASCII):
                raise ValueError("each key is 32 bytes in url-safe base64, as Fernet.generate_key() makes them")
        return value

    @field_validator("slack_command")
    @classmethod
    def _known_command(cls, value: str) -> str:
        if not re.fullmatch(r"/[a-z0-9_-]{1,31}", value):
            raise ValueError("use a slash and up to 31 small letters, digits, - or _, such as /mlops")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _whole_address(cls, value: str) -> str:
        if value and not (value.startswith(("http://", "https://")) and value.rstrip("/").endswith("/api")):
            raise ValueError("use an address such as https://slack-gov.com/api/")
        return f"{value.rstrip('/')}/" if value else ""

    @field_validator("discord_api_url", "discord_gateway_url")
    @classmethod
    def _known_scheme(cls, value: str, info: ValidationInfo) -> str:
        schemes = ("http://", "https://") if info.field_name == "discord_api_url" else ("ws://", "wss://")
        if value and not value.startswith(schemes):
            raise ValueError(f"use an address that begins with {' or '.join(schemes)}")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith("sqlite:///") or not value.removeprefix("sqlite:///"):
            raise ValueError("use sqlite:/// and a path, such as sqlite:///data/mlops-coach.sqlite3")
        return value

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///")).expanduser()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `load` has read the environment and .env itself, to check their names


def load(environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
    """Read the settings: the environment over `.env` (in the working folder unless told otherwise).

    Raises SettingsError for a bad value and an unknown name in .env; an unknown COACH_ name in the environment is
    logged as a warning.
    """
    environ = os.environ if environ is None else environ
    file = Path(".env") if dotenv is None else dotenv
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    values = {known[name]: value for name, value in _dotenv(file, known).items() if value}
    for name, value in environ.items():
        if name in known:
            if value:  # an empty variable is an unset one
                values[known[name]] = value
        elif name.startswith(PREFIX):
            log.warning("%s in the environment is not a setting.%s", name, _meant(name, known))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_worded(error, values)) from None  # the cause would show the value, which may be a secret


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
    return {name: value for name, value in found.items() if name in known}


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


def table() -> str:
    """The settings as a Markdown table."""
    lines = ["| variable | default | what it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, tuple):
            default = ",".join(default)
        shown = f"`{default}`" if default not in (None, "") else ""
        lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)
