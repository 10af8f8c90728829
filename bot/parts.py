"""The parts of a coach as the settings describe them: bank, prompts, grader, platforms."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.coach import Coach, Graders
from bot.coach.budget import MILLIONTHS, Budget, Estimate, Limits, Spent
from bot.coach.exchange import Documents
from bot.coach.grading import MOST_HEARD
from bot.core.errors import SettingsError
from bot.core.model import Question, Task
from bot.core.ports import Clock, CrashPoint, Grader, Platform, Store, no_crash
from bot.core.shards import parse_shards
from bot.settings import SecretStr, Settings, read_prices, read_public

if TYPE_CHECKING:
    from bot.content import Prompt, Prompts


def check_grader(settings: Settings) -> None:
    """Raise SettingsError for a grader that can't grade as set up."""
    if settings.grader == "llm" and not settings.llm_model:
        raise SettingsError('COACH_LLM_MODEL is not set. COACH_GRADER "llm" needs a model\'s name.')
    unpriced = set(settings.llm_model) - read_prices(settings.llm_prices).keys()
    if settings.grader == "llm" and unpriced and (settings.llm_money_per_day or settings.llm_community_money_per_day):
        raise SettingsError(
            f"COACH_LLM_PRICES has no price for {min(unpriced)}, so a day's limit in money can't hold. Add"
            f" {min(unpriced)}=input/cached/output, or limit COACH_LLM_TOKENS_PER_DAY instead."
        )


def _as_it_is(grader: Grader) -> Grader:
    return grader


async def graders_of(
    settings: Settings,
    store: Store | None = None,
    clock: Clock | None = None,
    *,
    measured: Callable[[Grader], Grader] = _as_it_is,
) -> Graders:
    """Who grades, as the settings say; with a store and a clock within the day's limits.

    What is used in the place of each grader comes from `measured`.

    Models are loaded when the first answer comes. Raises SettingsError, ContentError.
    """
    check_grader(settings)
    from bot.graders.embedded import EmbeddedGrader

    embedded = EmbeddedGrader(settings.model)
    if settings.grader == "embedded":
        if settings.prompts:  # it isn't used, but whoever has written one wants to hear of its faults
            await check_prompts(settings)
        return Graders(measured(embedded))
    prompts = await check_prompts(settings)
    from bot.graders.llm import Fallback

    heard: deque[str] = deque(maxlen=MOST_HEARD)
    asked = _model_grader(settings, prompts.strict, measured)
    grader = Fallback(asked, measured(embedded), heard.append) if settings.llm_fallback else asked
    members = len(settings.llm_model) * settings.llm_repeats
    budget = Budget(store, clock, _limits(settings), _estimate(settings, prompts.strict)) if store and clock else None
    return Graders(
        grader,
        support=embedded,
        budget=budget,
        identity=f"{','.join(settings.llm_model)} x{settings.llm_repeats} strict-{prompts.strict.version}",
        heard=heard,
        at_once=max(1, settings.llm_at_once // members),
    )


def _model_grader(settings: Settings, prompt: Prompt, measured: Callable[[Grader], Grader]) -> Grader:
    from bot.graders.llm import llm_grader

    return llm_grader(
        template=prompt.text,
        prompt_version=str(prompt.version),
        models=settings.llm_model,
        base_url=settings.llm_base_url,
        api_key=secret(settings.llm_api_key),
        prices=read_prices(settings.llm_prices),
        deadline_s=settings.llm_deadline_s,
        timeout_s=settings.llm_timeout_s,
        max_tokens=settings.llm_max_tokens,
        at_once=settings.llm_at_once,
        requests_per_minute=settings.llm_requests_per_minute,
        repeats=settings.llm_repeats,
        measured=measured,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        tokens=settings.llm_tokens_per_day,
        money=settings.llm_money_per_day,
        community_tokens=settings.llm_community_tokens_per_day,
        community_money=settings.llm_community_money_per_day,
    )


def _estimate(settings: Settings, prompt: Prompt) -> Estimate:
    """The most that a grade may take: every model asked twice, each reply as long as it may be."""
    prices = read_prices(settings.llm_prices)

    def estimate(task: Task) -> Spent:
        points = sum(len(str(point)) for point in task.key_points)
        text = len(prompt.text) + len(task.question) + len(task.sample_answer) + len(task.answer) + points
        # Twice when the first reply can't be read, the second with twice the room if that one was cut.
        taken, written = 2 * text // CHARACTERS_A_TOKEN + settings.llm_max_tokens, 3 * settings.llm_max_tokens
        priced = (prices[model].of(taken, 0, written) for model in settings.llm_model if model in prices)
        cost = sum(priced) * settings.llm_repeats
        members = len(settings.llm_model) * settings.llm_repeats
        return Spent((taken + written) * members, round(cost * MILLIONTHS))

    return estimate


async def bank_of(settings: Settings) -> tuple[Question, ...]:
    """The default bank. Raises ContentError, SettingsError."""
    return await asyncio.to_thread(_read_bank, settings)


async def bank_when_needed(settings: Settings) -> Callable[[], tuple[Question, ...]]:
    """What gives the default bank. Raises ContentError, SettingsError.

    Our own is read when it is first asked for: a start is a tenth quicker so. Another is read here, because it may have
    faults, and so is ours for a server's database, whose units of work run on the event loop.
    """
    read = cache(partial(_read_bank, settings))
    if settings.bank or not settings.one_process:
        await asyncio.to_thread(read)
    return read


def _read_bank(settings: Settings) -> tuple[Question, ...]:
    from bot import content

    return content.load_bank(_own("COACH_BANK", settings.bank) or content.default_folder("bank"))


def _own(variable: str, folder: Path | None) -> Path | None:
    """A folder that a setting names, if it names one. Raises SettingsError where none is there."""
    if folder and not folder.is_dir():
        raise SettingsError(f"{variable} is {folder}, and there is no such folder. Name one that holds Markdown files.")
    return folder


class _Markdown:
    """Questions as Markdown documents."""

    def read(self, text: str, name: str) -> tuple[Question, ...]:
        from bot import content

        return content.parse(text, name).questions

    def write(self, questions: Sequence[Question], title: str) -> str:
        from bot import content

        return content.render(questions, title)


def documents() -> Documents:
    """What reads and writes questions as documents."""
    return _Markdown()


async def check_prompts(settings: Settings) -> Prompts:
    """The prompts folder, read and checked. Raises ContentError, SettingsError."""
    return await asyncio.to_thread(_read_prompts, settings)


def _read_prompts(settings: Settings) -> Prompts:
    from bot import content

    return content.load_prompts(_own("COACH_PROMPTS", settings.prompts) or content.default_folder("prompts"))


async def make_folder(settings: Settings) -> None:
    """Make the database's folder when it is missing. Raises SettingsError when that can't be done."""
    if not settings.one_process:  # on a server
        return
    folder = settings.database.parent
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {folder} can't be made ({error.strerror}). Point COACH_DATABASE_URL at a place to write to."
        ) from error


CHARACTERS_A_TOKEN = 3
"""For an estimate on the safe side: English has about four."""

Need = tuple[str, SecretStr | str | None, str]
"""A variable, its value, and why it is needed and where it is found."""


def check_platforms(settings: Settings) -> None:
    """Raise SettingsError for a platform that is named but can't run as set up."""
    needs: Mapping[str, Sequence[Need]] = {
        "discord": [
            ("COACH_DISCORD_TOKEN", settings.discord_token, ": copy it from Bot > Token in the developer portal"),
        ],
        "slack": _slack_needs(settings),
    }
    for platform in settings.platforms:
        for name, value, remedy in needs.get(platform, []):
            if not value:
                raise SettingsError(f'{name} is not set. Platform "{platform}" needs it{remedy}.')
    if settings.web_public and "web" not in settings.platforms:
        raise SettingsError(
            'COACH_WEB_PUBLIC is set, but the local chat, which serves it, does not run. Add "web" to COACH_PLATFORMS.'
        )


def _slack_needs(settings: Settings) -> list[Need]:
    """What Slack can't do without, given the mode."""
    credentials = "copy it from Basic Information > App Credentials"
    if settings.slack_client_id or settings.slack_client_secret:
        installed = [
            ("COACH_SLACK_CLIENT_ID", settings.slack_client_id, f" with OAuth: {credentials}"),
            ("COACH_SLACK_CLIENT_SECRET", settings.slack_client_secret, f" with OAuth: {credentials}"),
        ]
    else:
        where = "copy it from OAuth & Permissions (xoxb-)"
        installed = [("COACH_SLACK_BOT_TOKEN", settings.slack_bot_token, f": {where}")]
    if settings.slack_mode == "http":
        way = ("COACH_SLACK_SIGNING_SECRET", settings.slack_signing_secret, f" in HTTP mode: {credentials}")
    else:
        where = "create one under Basic Information > App-Level Tokens with connections:write"
        way = ("COACH_SLACK_APP_TOKEN", settings.slack_app_token, f" in Socket Mode: {where}")
    return [*installed, way]


def secret(value: SecretStr | None) -> str:
    """A secret in plain, "" when it isn't set."""
    return value.get_secret_value() if value else ""


def keys(value: SecretStr | None) -> list[str]:
    """The keys of a comma list, the newest first."""
    return [key.strip() for key in secret(value).split(",") if key.strip()]


class Attachable(Platform, Protocol):
    """A platform that hands what people do to a coach."""

    def attach(self, coach: Coach) -> None: ...


def platforms_of(settings: Settings, store: Store, clock: Clock, crash: CrashPoint = no_crash) -> list[Attachable]:
    """The platforms that the settings name, each imported only then. Raises SettingsError."""
    made: list[Attachable] = []
    if "web" in settings.platforms:
        from bot.platforms.web import WebChat

        made.append(
            WebChat(
                store,
                clock,
                host=settings.web_host,
                port=settings.web_port,
                token=secret(settings.web_token),
                hosts=settings.web_hosts,
                public=read_public(settings.web_public),
            )
        )
    if "discord" in settings.platforms and settings.discord_token:
        from bot.platforms.discord import DiscordChat

        made.append(
            DiscordChat(
                store,
                token=settings.discord_token.get_secret_value(),
                api_url=settings.discord_api_url,
                gateway_url=settings.discord_gateway_url,
                shards=parse_shards(settings.discord_shards) if settings.discord_shards else None,
                grace=dt.timedelta(days=settings.forget_after_days),
                crash=crash,
            )
        )
    if "slack" in settings.platforms:
        from bot.platforms.slack import slack_chat

        made.append(
            slack_chat(
                store,
                clock,
                bot_token=secret(settings.slack_bot_token),
                app_token=secret(settings.slack_app_token),
                signing_secret=secret(settings.slack_signing_secret),
                api_url=settings.slack_api_url,
                client_id=settings.slack_client_id,
                client_secret=secret(settings.slack_client_secret),
                mode=settings.slack_mode,
                host=settings.slack_host,
                port=settings.slack_port,
                command=settings.slack_command,
                encryption_keys=keys(settings.encryption_key),
                grace=dt.timedelta(days=settings.forget_after_days),
            )
        )
    return made
