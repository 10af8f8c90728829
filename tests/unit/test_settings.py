"""Settings: where they come from, and errors that name the variable and never a secret."""

from __future__ import annotations

import dataclasses
import logging
import pickle
import traceback
from pathlib import Path

import pytest

from bot.core.errors import SettingsError
from bot.core.model import Price
from bot.parts import check_grader, check_platforms
from bot.settings import NAMES, PREFIX, SecretStr, load, read_prices, table

SECRET = "xoxb-very-secret-0123456789"
SECRETS = ("WEB_TOKEN", "DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")


def dotenv(folder: Path, text: str) -> Path:
    file = folder / ".env"
    file.write_text(text, encoding="utf-8")
    return file


def test_nothing_set_is_a_local_chat_with_the_embedded_grader() -> None:
    settings = load({})
    assert (settings.platforms, settings.grader) == (("web",), "embedded")
    assert settings.database == Path("data/mlops-coach.sqlite3")
    check_platforms(settings)


def test_only_names_with_the_prefix_count() -> None:
    assert load({"WEB_PORT": "1", "COACH_WEB_PORT": "2"}).web_port == 2


def test_the_environment_goes_over_dotenv_and_an_empty_variable_is_unset(tmp_path: Path) -> None:
    file = dotenv(tmp_path, "COACH_WEB_PORT=1\nCOACH_LOG_LEVEL=DEBUG\nCOACH_GRADER=\nTZ=UTC\nOPENAI_API_KEY=x\n")
    settings = load({"COACH_WEB_PORT": "2", "COACH_LOG_LEVEL": ""}, file)
    assert (settings.web_port, settings.log_level, settings.grader) == (2, "DEBUG", "embedded")


def test_an_unknown_name_in_dotenv_is_an_error_that_says_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"COACH_WEB_PROT.*Did you mean COACH_WEB_PORT"):
        load({}, dotenv(tmp_path, "COACH_WEB_PROT=1\n"))
    with pytest.raises(SettingsError, match=r"WEB_PORT in .* Did you mean COACH_WEB_PORT"):
        load({}, dotenv(tmp_path, "WEB_PORT=1\n"))


def test_an_unknown_name_in_the_environment_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load({"COACH_DATABASE_URI": SECRET})
    assert "COACH_DATABASE_URI" in caplog.text
    assert "Did you mean COACH_DATABASE_URL" in caplog.text
    assert SECRET not in caplog.text


def test_a_dotenv_that_is_not_text_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"COACH_WEB_PORT=\xff\xfe")
    with pytest.raises(SettingsError, match="can't be read") as error:
        load({}, tmp_path / ".env")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLATFORMS", "irc"), ("PLATFORMS", " , "), ("GRADER", "magic"), ("WEB_PORT", "99999"), ("WEB_PORT", "http"),
        ("TIMEZONE", "Berlin"), ("LOG_LEVEL", "LOUD"), ("QUESTION_COOLDOWN_S", "-1"), ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", f"mysql://root:{SECRET}@db/coach"),
    ],
)  # fmt: skip
def test_a_bad_value_names_its_variable_on_one_line(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({PREFIX + name: value})
    assert PREFIX + name in str(error.value)
    assert "\n" not in str(error.value)
    assert SECRET not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("WEB_PORT", "65536", "use a whole number of at least 0 and at most 65535"),
        ("WEB_PORT", "1.5", "use a whole number of at least 0 and at most 65535"),
        ("LLM_REQUESTS_PER_MINUTE", "-1", "use a whole number of at least 0"),
        ("LLM_DEADLINE_S", "0", "use a number above 0 and at most 240"),
        ("LLM_DEADLINE_S", "nan", "use a number above 0 and at most 240"),
        ("LLM_MONEY_PER_DAY", "inf", "use a number of at least 0"),
        ("LEASE_S", "0.5", "use a number of at least 1 and at most 3600"),
        ("LLM_FALLBACK", "maybe", "use true or false"),
        ("LOG_LEVEL", "info", "use DEBUG, INFO, WARNING or ERROR"),
        ("LOG_FORMAT", "xml", "use text or json"),
    ],
)
def test_a_value_out_of_its_bounds_is_told_the_bounds(name: str, value: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({PREFIX + name: value})
    assert str(error.value) == f"{PREFIX}{name} is wrong ({value!r}): {remedy}"


def test_the_bounds_themselves_are_within_them() -> None:
    settings = load(
        {"COACH_WEB_PORT": "0", "COACH_OPS_PORT": " 65535 ", "COACH_LEASE_S": "1", "COACH_LLM_REPEATS": "9"}
    )
    assert (settings.web_port, settings.ops_port, settings.lease_s, settings.llm_repeats) == (0, 65_535, 1.0, 9)


@pytest.mark.parametrize(("word", "meant"), [("true", True), ("Yes", True), ("1", True), ("off", False), ("0", False)])
def test_a_switch_is_read_as_people_write_it(word: str, meant: bool) -> None:
    assert load({"COACH_LLM_FALLBACK": word}).llm_fallback is meant


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"^COACH_GRADER is wrong .*; COACH_WEB_PORT is wrong"):
        load({"COACH_GRADER": "magic", "COACH_WEB_PORT": "x"})


def test_a_secret_is_like_itself_and_can_not_be_stored() -> None:
    assert SecretStr("a") == SecretStr("a") != SecretStr("b")
    assert not SecretStr("")
    with pytest.raises(TypeError, match="not to be stored"):
        pickle.dumps(SecretStr(SECRET))


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_never_show(name: str) -> None:
    settings = load({PREFIX + name: SECRET})
    shown = f"{settings} {settings!r} {dataclasses.asdict(settings)} {vars(settings)}"
    assert SECRET not in shown
    with pytest.raises(SettingsError) as error:
        load({PREFIX + name: SECRET, "COACH_WEB_PORT": "x"})
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_settings_cannot_be_changed_and_a_comma_list_is_read_with_spaces() -> None:
    settings = load({"COACH_PLATFORMS": " Web ,web,", "COACH_WEB_HOSTS": "Coach.Example, b.example"})
    assert settings.platforms == ("web",)
    assert settings.web_hosts == ("coach.example", "b.example")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.web_port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("platforms", "given", "missing"),
    [
        ("discord", {}, "COACH_DISCORD_TOKEN"),
        ("slack", {}, "COACH_SLACK_BOT_TOKEN"),
        ("slack", {"COACH_SLACK_BOT_TOKEN": SECRET}, "COACH_SLACK_APP_TOKEN"),
        ("slack", {"COACH_SLACK_BOT_TOKEN": SECRET, "COACH_SLACK_MODE": "http"}, "COACH_SLACK_SIGNING_SECRET"),
        ("slack", {"COACH_SLACK_CLIENT_ID": "1.2"}, "COACH_SLACK_CLIENT_SECRET"),
        ("slack", {"COACH_SLACK_CLIENT_SECRET": SECRET}, "COACH_SLACK_CLIENT_ID"),
        ("web,discord", {}, "COACH_DISCORD_TOKEN"),
    ],
)
def test_a_platform_without_its_token_says_which_and_where_to_get_it(
    platforms: str, given: dict[str, str], missing: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{missing} is not set. Platform .* needs it.*: .+") as error:
        check_platforms(load({"COACH_PLATFORMS": platforms, **given}))
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_COMMAND", "mlops"),
        ("SLACK_COMMAND", "/ML OPS"),
        ("SLACK_API_URL", "slack-gov.com/api/"),
        ("SLACK_API_URL", "https://slack-gov.com"),
        ("ENCRYPTION_KEY", "short"),
        ("ENCRYPTION_KEY", f"{'A' * 43}=,{'A' * 44}"),
    ],
)
def test_what_slack_could_not_use_is_refused_and_a_key_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^COACH_{name} is wrong") as error:
        load({PREFIX + name: value})
    assert "AAAA" not in str(error.value)


def test_the_openai_librarys_own_names_serve_where_ours_are_unset(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OPENAI_API_KEY=from-file\nOPENAI_BASE_URL=http://127.0.0.1:1/v1\n", encoding="utf-8")
    settings = load({"OPENAI_API_KEY": "from-environment"}, file)
    assert settings.llm_api_key is not None
    assert settings.llm_api_key.get_secret_value() == "from-environment"
    assert settings.llm_base_url == "http://127.0.0.1:1/v1"
    settings = load({"COACH_LLM_API_KEY": "ours", "OPENAI_API_KEY": "theirs"}, file)
    assert settings.llm_api_key is not None
    assert settings.llm_api_key.get_secret_value() == "ours"


def test_models_keep_their_case_and_their_order() -> None:
    assert load({"COACH_LLM_MODEL": "Qwen/Qwen3, gpt-4o-mini,"}).llm_model == ("Qwen/Qwen3", "gpt-4o-mini")


def test_prices_are_read_by_model_and_a_wrong_one_is_refused() -> None:
    assert read_prices("a/b:c=0.15/0.075/0.6, d=1/1/2") == {"a/b:c": Price(0.15, 0.075, 0.6), "d": Price(1, 1, 2)}
    for wrong in ("a", "a=1", "a=1/2", "a=1/x/3", "a=1.2.3/1/1", "=1/1/1"):
        with pytest.raises(SettingsError, match="COACH_LLM_PRICES is wrong"):
            load({"COACH_LLM_PRICES": wrong})


@pytest.mark.parametrize("limit", ["COACH_LLM_MONEY_PER_DAY", "COACH_LLM_COMMUNITY_MONEY_PER_DAY"])
def test_a_limit_in_money_needs_the_price_of_every_model(limit: str) -> None:
    chosen = {"COACH_GRADER": "llm", "COACH_LLM_MODEL": "one,two", "COACH_LLM_PRICES": "one=1/1/2"}
    check_grader(load(chosen))
    with pytest.raises(SettingsError, match=r"^COACH_LLM_PRICES has no price for two, .* Add two=input/cached/output"):
        check_grader(load({**chosen, limit: "2"}))
    check_grader(load({**chosen, limit: "2", "COACH_LLM_PRICES": "one=1/1/2,two=0/0/0"}))
    check_grader(load({**chosen, limit: "2", "COACH_GRADER": "embedded"}))


def test_the_price_of_a_request_counts_cached_tokens_once() -> None:
    assert Price(1.0, 0.1, 2.0).of(1_000_000, 400_000, 500_000) == pytest.approx(0.6 + 0.04 + 1.0)


def test_slacks_address_and_keys_are_read() -> None:
    settings = load({"COACH_SLACK_API_URL": "https://slack-gov.com/api", "COACH_ENCRYPTION_KEY": f"{'A' * 43}="})
    assert settings.slack_api_url == "https://slack-gov.com/api/"
    assert settings.encryption_key is not None


def test_the_table_lists_every_setting_with_default_and_no_secret() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + len(NAMES)
    assert "| `COACH_WEB_PORT` | `8765` |" in table()
    assert all(line.count("|") == 4 for line in lines)
    assert all(any(f"`{PREFIX}{name.upper()}`" in line for line in lines) for name in NAMES)
