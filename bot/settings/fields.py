"""Every setting, with its default, its bounds and the words that the README's table is made from."""

# ruff: noqa: RUF009  `setting` makes a field of the dataclass, as dataclasses.field does

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from bot.settings import checks
from bot.settings.values import (
    About,
    SecretStr,
    cased,
    names,
    number,
    one_of,
    path,
    port,
    secret,
    setting,
    text,
    whole,
    yes_or_no,
)

PREFIX = "COACH_"


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. Secrets never show in logs or errors."""

    platforms: tuple[str, ...] = setting(
        ("web",), "Where the coach talks: a comma list of `web`, `discord`, `slack`.", checks.platforms
    )
    database_url: str = setting(
        "sqlite:///data/mlops-coach.sqlite3",
        "The database: `sqlite:///` and a path, relative to the working folder or absolute (four slashes), or"
        " `postgresql://user:password@host/database` for [several processes](docs/operators.md).",
        checks.database,
        shown=False,
    )
    grader: Literal["embedded", "llm"] = setting(
        "embedded", "Who grades: `embedded` (offline, on this machine's CPU) or `llm`.", one_of("embedded", "llm")
    )
    llm_base_url: str = setting(
        "",
        "The address of an OpenAI-compatible API. Unset: `OPENAI_BASE_URL`, else OpenAI's.",
        checks.address("http://", "https://"),
    )
    llm_model: tuple[str, ...] = setting(
        (), "The model; a comma list makes a panel whose lower middle score counts. `llm` needs it.", cased
    )
    llm_api_key: SecretStr | None = setting(
        None, "The API's key. Unset: `OPENAI_API_KEY`; a local server may need none.", secret
    )
    llm_deadline_s: float = setting(
        60.0, "Seconds that one grade may take, with all its retries.", number(0, 240, above=True)
    )
    llm_timeout_s: float = setting(30.0, "Seconds that one request may take.", number(0, 240, above=True))
    llm_max_tokens: int = setting(1_200, "Tokens that a model may write for one grade.", whole(200, 32_000))
    llm_repeats: int = setting(
        1, "How often each model is asked for a grade: more than once makes a panel.", whole(1, 9)
    )
    llm_at_once: int = setting(8, "Requests that may run at once.", whole(1, 256))
    llm_requests_per_minute: int = setting(0, "Requests that may begin in a minute; 0 is no limit.", whole(0))
    llm_prices: str = setting(
        "", "What models cost for a million tokens, as `model=input/cached/output`; a comma list.", checks.prices
    )
    llm_tokens_per_day: int = setting(
        0, "Tokens that grading may use in a day (UTC); what is beyond waits. 0 is no limit.", whole(0)
    )
    llm_money_per_day: float = setting(
        0.0,
        "What grading may cost in a day, in the currency of the prices (each model needs one); 0 is no limit.",
        number(0),
    )
    llm_community_tokens_per_day: int = setting(0, "The same for each community.", whole(0))
    llm_community_money_per_day: float = setting(0.0, "The same for each community.", number(0))
    llm_fallback: bool = setting(
        False, "Whether the embedded grader grades, and says so, while the model is away.", yes_or_no
    )
    bank: Path | None = setting(None, "A folder of question documents used instead of the built-in bank.", path)
    prompts: Path | None = setting(None, "A folder with a `strict.md` used instead of the built-in template.", path)
    model: Path | None = setting(
        None, "A folder with `model.onnx` and `vocab.txt` used by the embedded grader instead of its own.", path
    )
    timezone: str = setting(
        "", "The IANA zone of the local chat's daily question. Unset: this machine's own.", checks.zone
    )
    question_cooldown_s: int = setting(
        60, "Seconds between two questions asked on demand in one channel.", whole(0, 86_400)
    )
    lease_s: float = setting(
        60.0, "Seconds after which the work of a process that died is taken up by another.", number(1, 3_600)
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", "How much is logged to stderr.", one_of("DEBUG", "INFO", "WARNING", "ERROR")
    )
    log_format: Literal["text", "json"] = setting(
        "text",
        "How it is logged: `text` for people, `json` (one object a line) for collectors.",
        one_of("text", "json"),
    )
    ops_host: str = setting("127.0.0.1", "The address that health and metrics are served on.", text)
    ops_port: int | None = setting(
        None, "The port for `/healthz`, `/readyz` and `/metrics`; 0 takes any free one. Unset: none.", port
    )
    web_host: str = setting("127.0.0.1", "The address that the local chat listens on.", text)
    web_port: int = setting(8765, "The local chat's port; 0 takes any free one.", whole(0, 65_535))
    web_token: SecretStr | None = setting(
        None, "What opens the local chat. Needed when it listens beyond this machine.", secret
    )
    web_hosts: tuple[str, ...] = setting(
        (), "Host names, a comma list, by which browsers reach the local chat beside `COACH_WEB_HOST`.", names
    )
    web_public: str = setting(
        "",
        "Communities whose boards and archive everybody may read at `/public/NAME/` of the local chat's address,"
        " without a name or token: a comma list of `NAME=platform/community`, such as `ops=discord/123456789`;"
        " `local` is the local chat.",
        checks.public_boards,
    )
    discord_token: SecretStr | None = setting(None, "The Discord bot's token; `discord` needs it.", secret)
    discord_api_url: str = setting(
        "",
        "A REST proxy's or test server's address instead of Discord's, up to `/api/v10`. It has to keep"
        " Discord's limit of requests itself.",
        checks.address("http://", "https://"),
    )
    discord_gateway_url: str = setting(
        "", "A gateway's address (`ws://` or `wss://`) instead of Discord's.", checks.address("ws://", "wss://")
    )
    discord_shards: str = setting(
        "",
        "This process's shards of Discord and how many there are in all, such as `0-3/8`, `2/8` or `0,3,5/8`."
        " Unset: as many as Discord recommends, all in this process.",
        checks.shards,
    )
    forget_after_days: int = setting(
        30, "Days after which a community that removed the coach is forgotten.", whole(0, 3_650)
    )
    encryption_key: SecretStr | None = setting(
        None,
        "Fernet keys, a comma list with the newest first, that encrypt the tokens which workspaces give by OAuth.",
        checks.fernet_keys,
    )
    slack_mode: Literal["socket", "http"] = setting(
        "socket",
        "How Slack reaches the coach: `socket` (Socket Mode) or `http` (signed requests).",
        one_of("socket", "http"),
    )
    slack_bot_token: SecretStr | None = setting(
        None, "The Slack bot's token (`xoxb-`) of one workspace; without it workspaces install by OAuth.", secret
    )
    slack_app_token: SecretStr | None = setting(
        None, "The Slack app-level token (`xapp-`) with `connections:write`; Socket Mode needs it.", secret
    )
    slack_signing_secret: SecretStr | None = setting(
        None, "The Slack app's signing secret; `COACH_SLACK_MODE=http` needs it.", secret
    )
    slack_client_id: str = setting("", "The Slack app's client id, for installing in several workspaces.", text)
    slack_client_secret: SecretStr | None = setting(None, "The client secret that belongs to it.", secret)
    slack_api_url: str = setting(
        "",
        "The address of GovSlack's API, a proxy or a test server instead of Slack's, up to `/api/`.",
        checks.slack_api,
    )
    slack_host: str = setting("127.0.0.1", "The address that Slack's requests and installations come to.", text)
    slack_port: int = setting(3000, "The port for them.", whole(0, 65_535))
    slack_command: str = setting(
        "/mlops", "The slash command's name, as the app's manifest has it.", checks.slash_command
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is set, the parts of comma lists too: what must never be shown."""
        values = [getattr(self, name) for name in NAMES]
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


ABOUT: dict[str, About] = {each.name: each.metadata["about"] for each in fields(Settings)}
NAMES = tuple(ABOUT)
"""All settings, in the order of the README's table."""


def table() -> str:
    """The settings as a Markdown table."""
    lines = ["| variable | default | what it sets |", "|---|---|---|"]
    for each in fields(Settings):
        default = ",".join(each.default) if isinstance(each.default, tuple) else each.default
        shown = f"`{default}`" if default not in (None, "") else ""
        lines.append(f"| `{PREFIX}{each.name.upper()}` | {shown} | {ABOUT[each.name].description} |")
    return "\n".join(lines)
