"""What a text setting has to look like. Each check returns the value as it is used, or raises ValueError."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.core.model import Place, Price
from bot.core.shards import parse_shards
from bot.core.zones import zones
from bot.settings.values import SecretStr, names

PLATFORMS = ("web", "discord", "slack")


def platforms(value: str) -> tuple[str, ...]:
    """Platforms that are known, at least one."""
    found = names(value)
    if not found or not set(found) <= set(PLATFORMS):
        raise ValueError(f"use a comma list of {', '.join(PLATFORMS)}")
    return found


def address(*schemes: str) -> Callable[[str], str]:
    """An address with one of these schemes, such as "http://"."""

    def read(value: str) -> str:
        if not value.startswith(schemes):
            raise ValueError(f"use an address that begins with {' or '.join(schemes)}")
        return value

    return read


def prices(value: str) -> str:
    """Prices that `read_prices` can read."""
    read_prices(value)
    return value


def public_boards(value: str) -> str:
    """Communities that `read_public` can read."""
    read_public(value)
    return value


def read_public(text: str) -> dict[str, Place]:
    """Communities such as "local, ops=discord/123" by their names. Raises ValueError for what can't be read."""
    found = {}
    for part in names(text):
        name, _, community = ("local=web/local" if part == "local" else part).partition("=")
        platform, _, id_ = community.partition("/")
        if not (re.fullmatch(r"[a-z0-9-]{1,40}", name) and platform in PLATFORMS and re.fullmatch(r"[\w-]{1,64}", id_)):
            raise ValueError("use local, or name=platform/community such as ops=discord/123456789; a comma list")
        found[name] = Place(platform, id_ if platform != "slack" else id_.upper(), "")
    return found


def zone(value: str) -> str:
    """An IANA zone."""
    if value not in zones():
        raise ValueError("use an IANA zone such as Europe/Berlin")
    return value


def fernet_keys(value: str) -> SecretStr | None:
    """A comma list of keys."""
    for key in value.split(","):
        if not re.fullmatch(r"[\w-]{43}=", key.strip(), re.ASCII):
            raise ValueError("each key is 32 bytes in url-safe base64, as Fernet.generate_key() makes them")
    return SecretStr(value)


def slash_command(value: str) -> str:
    """A slash command as Slack takes it."""
    if not re.fullmatch(r"/[a-z0-9_-]{1,31}", value):
        raise ValueError("use a slash and up to 31 small letters, digits, - or _, such as /mlops")
    return value


def slack_api(value: str) -> str:
    """The address of an API like Slack's, with a slash at its end."""
    if not (value.startswith(("http://", "https://")) and value.rstrip("/").endswith("/api")):
        raise ValueError("use an address such as https://slack-gov.com/api/")
    return f"{value.rstrip('/')}/"


def shards(value: str) -> str:
    """Shards that `parse_shards` can read."""
    parse_shards(value)
    return value


def database(value: str) -> str:
    """A database's address: a SQLite file, or PostgreSQL (whose short name "postgres" is taken too)."""
    scheme, _, place = value.partition("://")
    if scheme == "postgres":
        scheme = "postgresql"
    if not (scheme == "sqlite" and place.startswith("/") and place != "/") and not (scheme == "postgresql" and place):
        raise ValueError(
            "use sqlite:/// and a path, such as sqlite:///data/mlops-coach.sqlite3, or"
            " postgresql://user:password@host/database"
        )
    return f"{scheme}://{place}"


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
