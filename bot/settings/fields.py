"""Every setting, with its default, its bounds and the words that the README's table is made from."""

from __future__ import annotations

import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.model import Price
from bot.core.shards import parse_shards

PREFIX = "COACH_"
PLATFORMS = ("web", "discord", "slack")


class Settings(BaseSettings):
    """Everything that can be set. Secrets never show in logs or errors."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    platforms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("web",), description="Where the coach talks: a comma list of `web`, `discord`, `slack`."
    )
    database_url: str = Field(
        "sqlite:///data/mlops-coach.sqlite3",
        repr=False,  # it may hold a password
        description="The database: `sqlite:///` and a path, relative to the working folder or absolute (four slashes),"
        " or `postgresql://user:password@host/database` for [several processes](docs/operators.md).",
    )
    grader: Literal["embedded", "llm"] = Field(
        "embedded", description="Who grades: `embedded` (offline, on this machine's CPU) or `llm`."
    )
    llm_base_url: str = Field(
        "", description="The address of an OpenAI-compatible API. Unset: `OPENAI_BASE_URL`, else OpenAI's."
    )
    llm_model: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="The model; a comma list makes a panel whose lower middle score counts. `llm` needs it."
    )
    llm_api_key: SecretStr | None = Field(
        None, description="The API's key. Unset: `OPENAI_API_KEY`; a local server may need none."
    )
    llm_deadline_s: Annotated[float, Field(gt=0, le=240)] = Field(
        60.0, description="Seconds that one grade may take, with all its retries."
    )
    llm_timeout_s: Annotated[float, Field(gt=0, le=240)] = Field(30.0, description="Seconds that one request may take.")
    llm_max_tokens: Annotated[int, Field(ge=200, le=32_000)] = Field(
        1_200, description="Tokens that a model may write for one grade."
    )
    llm_repeats: Annotated[int, Field(ge=1, le=9)] = Field(
        1, description="How often each model is asked for a grade: more than once makes a panel."
    )
    llm_at_once: Annotated[int, Field(ge=1, le=256)] = Field(8, description="Requests that may run at once.")
    llm_requests_per_minute: Annotated[int, Field(ge=0)] = Field(
        0, description="Requests that may begin in a minute; 0 is no limit."
    )
    llm_prices: str = Field(
        "", description="What models cost for a million tokens, as `model=input/cached/output`; a comma list."
    )
    llm_tokens_per_day: Annotated[int, Field(ge=0)] = Field(
        0, description="Tokens that grading may use in a day (UTC); what is beyond waits. 0 is no limit."
    )
    llm_money_per_day: Annotated[float, Field(ge=0)] = Field(
        0.0, description="What grading may cost in a day, in the currency of the prices; 0 is no limit."
    )
    llm_community_tokens_per_day: Annotated[int, Field(ge=0)] = Field(0, description="The same for each community.")
    llm_community_money_per_day: Annotated[float, Field(ge=0)] = Field(0.0, description="The same for each community.")
    llm_fallback: bool = Field(
        False, description="Whether the embedded grader grades, and says so, while the model is away."
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
    lease_s: Annotated[float, Field(ge=1, le=3_600)] = Field(
        60.0, description="Seconds after which the work of a process that died is taken up by another."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged to stderr.")
    log_format: Literal["text", "json"] = Field(
        "text", description="How it is logged: `text` for people, `json` (one object a line) for collectors."
    )
    ops_host: str = Field("127.0.0.1", description="The address that health and metrics are served on.")
    ops_port: Annotated[int, Field(ge=0, le=65_535)] | None = Field(
        None, description="The port for `/healthz`, `/readyz` and `/metrics`; 0 takes any free one. Unset: none."
    )
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
        "",
        description="A REST proxy's or test server's address instead of Discord's, up to `/api/v10`. It has to keep"
        " Discord's limit of requests itself.",
    )
    discord_gateway_url: str = Field("", description="A gateway's address (`ws://` or `wss://`) instead of Discord's.")
    discord_shards: str = Field(
        "",
        description="This process's shards of Discord and how many there are in all, such as `0-3/8`, `2/8` or"
        " `0,3,5/8`. Unset: as many as Discord recommends, all in this process.",
    )
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

    @field_validator("llm_model", mode="before")
    @classmethod
    def _models(cls, value: object) -> object:
        if isinstance(value, str):  # their names keep their case
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("llm_base_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("use an address that begins with http:// or https://")
        return value

    @field_validator("llm_prices")
    @classmethod
    def _known_prices(cls, value: str) -> str:
        read_prices(value)
        return value

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

    @field_validator("discord_shards")
    @classmethod
    def _known_shards(cls, value: str) -> str:
        if value:
            parse_shards(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, _, place = value.partition("://")
        if scheme == "postgres":
            scheme = "postgresql"
        if not (scheme == "sqlite" and place.startswith("/") and place != "/") and not (
            scheme == "postgresql" and place
        ):
            raise ValueError(
                "use sqlite:/// and a path, such as sqlite:///data/mlops-coach.sqlite3, or"
                " postgresql://user:password@host/database"
            )
        return f"{scheme}://{place}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is set, the parts of comma lists too: what must never be shown."""
        values = [getattr(self, name) for name in type(self).model_fields]
        given = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        password = urlsplit(self.database_url).password or ""
        parts = (part.strip() for value in given for part in (value, *value.split(",")))
        return tuple(dict.fromkeys(part for part in (*parts, password, unquote(password)) if part))

    @property
    def one_process(self) -> bool:
        """Whether the database is a file, which belongs to one process."""
        return self.database_url.startswith("sqlite:")

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


def read_prices(text: str) -> dict[str, Price]:
    """Prices such as "a=0.15/0.075/0.6, b=1/1/2" by model. Raises ValueError for what can't be read."""
    prices = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = re.fullmatch(r"(?P<model>[^=]+)=(?P<in>[\d.]+)/(?P<cached>[\d.]+)/(?P<out>[\d.]+)", part)
        try:
            numbers = [float(found[name]) for name in ("in", "cached", "out")] if found else []
        except ValueError:
            numbers = []
        if not found or not numbers:
            raise ValueError("write prices as model=input/cached/output, such as gpt-4o-mini=0.15/0.075/0.60")
        prices[found["model"].strip()] = Price(*numbers)
    return prices


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
