"""URLs of logs in engines."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.store.engines import address as addresses
from goals_tui.store.engines.address import Address, hide_password, open_engine, parse_address


@pytest.mark.parametrize(
    ("url", "address", "short"),
    [
        (
            "clickhouse://reader@host:8123/analytics?table=goal_events",
            Address("clickhouse", "host", 8123, "reader", database="analytics", table="goal_events"),
            None,
        ),
        (
            " clickhouse://host?table=a%20b%3Fc ",
            Address("clickhouse", "host", 8123, database="default", table="a b?c"),
            "clickhouse://host:8123/default?table=a%20b%3Fc",
        ),
        (
            "clickhouse://m%40x@[::1]:9/d?table=t",
            Address("clickhouse", "::1", 9, "m@x", database="d", table="t"),
            "clickhouse://m%40x@[::1]:9/d?table=t",
        ),
        (
            "chdb:///data/ch/default?table=goal_events",
            Address("chdb", folder="/data/ch", database="default", table="goal_events"),
            None,
        ),
        ("sc://host:15002?table=a.b.c", Address("sc", "host", 15002, table="a.b.c"), None),
        (
            "sc://host/?path=/lake/goal_events&use_ssl=true",
            Address("sc", "host", 15002, path="/lake/goal_events", secure=True),
            "sc://host:15002?path=/lake/goal_events&use_ssl=true",
        ),
    ],
)
def test_a_url_names_a_log(url: str, address: Address, short: str | None) -> None:
    assert parse_address(url, "--events") == address
    assert address.url == (short or url)
    assert parse_address(address.url, "--events") == address


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "Write a URL such as clickhouse://"),
        ("goal_events", "Write a URL such as clickhouse://"),
        ("http://host/?table=t", "Write a URL such as clickhouse://"),
        ("clickhouse://host/db", "Say where the events are: ?table=…."),
        ("sc://host", "Say where the events are: ?table=… or ?path=…."),
        ("sc://host?table=a&path=/b", "Say where the events are"),
        ("sc://host?table=a&use_ssl=yes", "use_ssl is true or false"),
        ("sc://host/x?table=a", "After the host comes"),
        ("clickhouse://host/a/b?table=t", "the database"),
        ("clickhouse://host/d?tabel=t", "Did you mean 'table'?"),
        ("clickhouse://host/d?table=t&table=u", "one value for 'table'"),
        ("clickhouse://host/d?table=", "one value for 'table'"),
        ("clickhouse://host:http/d?table=t", "can't be understood"),
        ("clickhouse://host:99999/d?table=t", "can't be understood"),
        ("clickhouse://[host/d?table=t", "can't be understood"),
        ("clickhouse:///d?table=t", "names no host"),
        ("clickhouse://host/d?table=t%00", "characters that no URL"),
        ("chdb://data/ch?table=t", "three slashes"),
        ("chdb:///?table=t", "three slashes"),
    ],
)
def test_a_url_that_names_none_is_refused_in_one_line(url: str, why: str) -> None:
    with pytest.raises(WrongValueError) as error:
        parse_address(url, "--events")
    assert why in str(error.value)
    assert str(error.value).startswith("--events is ")
    with pytest.raises(RefusedError) as other:
        parse_address(url, "GOALS_TUI_EVENTS")
    assert not isinstance(other.value, WrongValueError)


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://reader:geheim@host/d?table=t",
        "clickhouse://reader:ge@he/im?x@host/d?table=t",
        "clickhouse://:geheim@host/d?table=t",
        "clickhouse://host/d?table=t&password=geheim",
        "clickhouse://host/d?Password=geheim&table=t",
        "sc://host:15002?token=geheim&table=t",
        "sc://host:15002/;token=geheim?table=t",
        "http://reader:geheim@host/",
    ],
)
def test_a_password_in_a_url_is_refused_and_never_shown(url: str) -> None:
    with pytest.raises(RefusedError) as error:
        parse_address(url, "GOALS_TUI_EVENTS")
    assert "geheim" not in str(error.value)
    assert "im?x" not in str(error.value)
    assert "geheim" not in hide_password(url)
    if "/im" not in url and not url.startswith("http"):
        assert "GOALS_TUI_EVENTS_PASSWORD" in str(error.value)


def test_a_whole_folder_of_chdb_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "ch" / "metadata").mkdir(parents=True)
    whole = parse_address(f"chdb://{tmp_path}/ch?table=t", "The URL")
    assert (whole.folder, whole.database) == (str(tmp_path / "ch"), "default")
    assert whole == parse_address(f"chdb://{tmp_path}/ch/default?table=t", "The URL")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("clickhouse://h/d?table=t", "pip install 'goals-tui[clickhouse]'"),
        ("chdb:///a/b?table=t", "pip install 'goals-tui[clickhouse]' chdb"),
        ("sc://h?table=t", "pip install 'goals-tui[spark]'"),
    ],
)
def test_a_missing_driver_is_named_with_its_extra(url: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "find_spec", lambda _package: None)
    with pytest.raises(RefusedError, match="Install with: ") as error:
        open_engine(parse_address(url, "--events"), None)
    assert says in str(error.value)


def test_the_plain_install_brings_no_driver() -> None:
    plain = [line for line in requires("goals-tui") or () if "extra ==" not in line]
    assert not [line for line in plain if re.match("clickhouse|chdb|pysail|pyspark|sqlglot|grpc", line)]
