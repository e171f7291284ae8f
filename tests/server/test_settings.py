"""Where settings come from, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from trunkline.cli.flags import Listen
from trunkline.server.errors import SettingsError
from trunkline.server.settings import ROWS, Settings, load

# One line per setting that is a single text: a value as typed, the same in TOML, and what it becomes.
TEXTS = [
    ("host", "10.0.0.1", '"10.0.0.2"', "10.0.0.1", "10.0.0.2"),
    ("port", "9000", "9001", 9000, 9001),
    ("workers", "2", "3", 2, 3),
    ("site_url", "https://a.example", '"https://b.example"', "https://a.example", "https://b.example"),
    ("rss_title", "A", '"B"', "A", "B"),
    ("database_url", "sqlite:////a.db", '"sqlite:////b.db"', "sqlite:////a.db", "sqlite:////b.db"),
    ("management_key", "sk-or-v1-a", '"sk-or-v1-b"', "sk-or-v1-a", "sk-or-v1-b"),
    ("operator", "a", '"b"', "a", "b"),
    ("polling_microseconds", "0", "20", 0, 20),
    ("body_limit", "10", "20", 10, 20),
    ("credits", "10", "20.5", Decimal(10), Decimal("20.5")),
    ("secret_key", "ab" * 32, '"QUJD"', "ab" * 32, "QUJD"),
    ("byok_allowance", "25000", "0.5", Decimal(25000), Decimal("0.5")),
    ("byok_fee", "0.05", "0.1", Decimal("0.05"), Decimal("0.1")),
    ("generation_days", "10", "20", 10, 20),
    ("content_days", "10", "20", 10, 20),
    ("response_cache_bytes", "0", "1000", 0, 1000),
    ("filter_answers", "true", "false", True, False),
    ("trusted_proxies", "10.0.0.1, ::1", '["10.0.0.0/8"]', ("10.0.0.1", "::1"), ("10.0.0.0/8",)),
    ("keep_alive_seconds", "2.5", "2.5", 2.5, 2.5),
    ("first_token_seconds", "60", "60", 60.0, 60.0),
    ("most_attempts", "3", "3", 3, 3),
    ("held_tokens", "0", "1000", 0, 1000),
    ("cooldown_seconds", "5", "5", 5, 5),
    ("sticky_seconds", "0", "0", 0, 0),
    ("small_window", "0", "0", 0, 0),
    ("call_body_limit", "1000", "1000", 1000, 1000),
    ("free_per_minute", "0", "0", 0, 0),
    ("free_per_day", "7", "7", 7, 7),
    ("free_per_day_credited", "8", "8", 8, 8),
    ("grace_seconds", "0", "0", 0.0, 0.0),
    ("log_calls", "false", "false", False, False),
]
REFUSED_FILES = [
    ("prot = 1", "unknown key prot; did you mean port?"),
    ("zzz = 1", "unknown key zzz; known are home, config, host, port"),
    ("[feeds.models.dev]\nenabled = true", 'unknown key feeds.models.dev; did you mean feeds."models.dev"?'),
    ('[feeds.x]\nurl = "http://x"\nenable = true', "unknown key feeds.x.enable; did you mean feeds.x.enabled?"),
    ("[feeds.x]\nenabled = true", "feeds.x in FILE: object missing required field url"),
    ('[feeds.openrouter]\nenabled = "yes"', "feeds.openrouter in FILE: expected bool, got str at enabled"),
    ("feeds = 3", "feeds in FILE: expected object, got int"),
    ("[feeds]\nx = 3", "feeds.x in FILE: expected object, got int"),
    ('[hosts]\n"ch." = "ch"', "hosts.\"ch.\" in FILE: invalid enum value 'ch'"),
    ('port = "80"', "port in FILE: expected int, got str"),
    ("port = true", "port in FILE: expected int, got bool"),
    ("port = 65536", "port in FILE: expected int <= 65535"),
    ("port = -1", "port in FILE: expected int >= 0"),
    ("workers = 0", "workers in FILE: expected int >= 1"),
    ("credits = -1", "credits in FILE: expected an amount of 0 or more"),
    ("byok_fee = 5", "byok_fee in FILE: expected a share from 0 to 1"),
    ("credits = nan", "credits in FILE: expected an amount of 0 or more"),
    ('trusted_proxies = ["proxy"]', "trusted_proxies in FILE: 'proxy' does not appear to be an IPv4 or IPv6 network"),
    ('site_url = "models.example"', "site_url in FILE: expected str matching regex"),
    ("home = 3", "home in FILE: expected a path, got int"),
    ('config = "other.toml"', "config cannot be set in the file itself"),
    ("port = 80\nhost = = 2", "is not TOML: Invalid value (at line 2, column 8)"),
    ('host = "a"\nhost = "b"', "is not TOML: Cannot overwrite a value"),
]


@pytest.mark.parametrize(("name", "typed", "in_toml", "from_text", "from_toml"), TEXTS)
def test_flags_win_over_variables_over_the_file_over_the_default(
    tmp_path: Path, name: str, typed: str, in_toml: str, from_text: object, from_toml: object
):
    row = next(row for row in ROWS if row.name == name)
    home = {"home": str(tmp_path)}
    file = tmp_path / "trunkline.toml"

    untouched = load(home, {})
    assert getattr(untouched.settings, name) == getattr(Settings(), name)
    assert untouched.origins[name] in {"default", "host and port"}

    file.write_text(f"{name} = {in_toml}\n")
    from_file = load(home, {})
    assert (getattr(from_file.settings, name), from_file.origins[name]) == (from_toml, str(file))

    assert row.variable is not None
    from_variable = load(home, {row.variable: typed})
    assert (getattr(from_variable.settings, name), from_variable.origins[name]) == (from_text, row.variable)
    assert load(home, {row.variable: ""}).origins[name] == str(file), "an empty variable counts as absent"

    if row.flag:
        other = {"host": "10.9.9.9", "port": "7", "workers": "9"}[name]
        from_flag = load(home | {name: typed}, {row.variable: other})
        assert (getattr(from_flag.settings, name), from_flag.origins[name]) == (from_text, row.flag)


def test_every_setting_that_is_a_text_is_in_the_table_above():
    assert {row.name for row in ROWS if row.variable} == {name for name, *_ in TEXTS} | {"home", "config"}


def test_the_server_s_flags_are_those_of_the_rows():
    assert set(Listen.__dataclass_fields__) == {row.name for row in ROWS if row.flag}


@pytest.mark.parametrize(("text", "said"), REFUSED_FILES)
def test_a_file_that_cannot_be_used_is_refused_with_key_and_place(tmp_path: Path, text: str, said: str):
    file = tmp_path / "trunkline.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load({"home": str(tmp_path)}, {})
    assert said.replace("FILE", str(file)) in refused.value.message
    assert str(file) in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"port": "http"}, "port in --port: expected int, got str"),
        ({"port": ""}, "port in --port: expected int, got str"),
        ({"port": "70000"}, "port in --port: expected int <= 65535"),
        ({"host": ""}, "host in --host: expected str of length >= 1"),
        ({"home": ""}, "home in --home: expected a path"),
        ({"config": "/nonexistent/a.toml"}, "/nonexistent/a.toml: cannot be read: No such file or directory"),
        ({"config": "/"}, "/: cannot be read: Is a directory"),
    ],
)
def test_a_flag_that_cannot_be_used_is_refused_by_its_name(flags: dict[str, str | None], said: str):
    with pytest.raises(SettingsError) as refused:
        load(flags, {})
    assert refused.value.message.startswith(said)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path):
    (tmp_path / "trunkline.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"trunkline\.toml: is not UTF-8 text"):
        load({"home": str(tmp_path)}, {})


def test_a_named_file_may_name_the_home_relative_to_itself(tmp_path: Path):
    file = tmp_path / "ours.toml"
    file.write_text('home = "data"\n')
    effective = load({}, {"TRUNKLINE_CONFIG": str(file)})
    assert effective.settings.home == tmp_path / "data"
    assert effective.origins["home"] == str(file)
    assert effective.settings.store == str(tmp_path / "data" / "trunkline.db")


def test_nothing_is_fetched_from_anywhere_by_default():
    feeds = load({}, {}).settings.feeds
    assert set(feeds) == {"openrouter", "openrouter-providers", "models.dev"}
    assert not any(feed.enabled for feed in feeds.values())


def test_a_new_feed_joins_those_that_come_configured_and_is_on(tmp_path: Path):
    (tmp_path / "trunkline.toml").write_text('[feeds.ours]\nurl = "https://models.example/api.json"\n')
    effective = load({"home": str(tmp_path)}, {})
    assert set(effective.settings.feeds) == {"openrouter", "openrouter-providers", "models.dev", "ours"}
    assert effective.settings.feeds["ours"].enabled
    assert effective.origins["feeds.ours"] == str(tmp_path / "trunkline.toml")
    assert effective.origins["feeds.openrouter"] == "default"


def test_a_hosts_table_takes_the_place_of_the_default_one(tmp_path: Path):
    (tmp_path / "trunkline.toml").write_text('[hosts]\n"europe." = "eu"\n')
    assert load({"home": str(tmp_path)}, {}).settings.hosts == {"europe.": "eu"}


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:81"), ("::", "http://[::1]:81"), ("models.lan", "http://models.lan:81")],
)
def test_the_site_s_address_follows_host_and_port(host: str, url: str):
    assert load({"host": host, "port": "81"}, {}).settings.site_url == url


def test_a_printed_settings_object_holds_no_password():
    shown = repr(Settings(database_url="postgresql://trunk:hunter2@db/trunk"))
    assert "hunter2" not in shown
    assert "postgresql://trunk:***@db/trunk" in shown


def test_the_management_key_is_shown_nowhere(tmp_path: Path):
    effective = load({"home": str(tmp_path)}, {"TRUNKLINE_MANAGEMENT_KEY": "sk-or-v1-canary"})
    assert effective.settings.management_key == "sk-or-v1-canary"
    assert ("management_key", "***", "TRUNKLINE_MANAGEMENT_KEY") in list(effective.shown())
    assert "canary" not in f"{effective.settings}{list(effective.shown())}"
    assert {name: value for name, value, _ in load({"home": str(tmp_path)}, {}).shown()}["management_key"] is None
