"""Project settings, currencies and feature flags."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from babel import Locale

from goals_tui.domain.errors import ConflictError, GoalsError, RefusedError, UnreadableError, WrongValueError
from goals_tui.services.completion_names import default_workspace
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.services.currencies import check_currency, format_money, list_currencies
from goals_tui.services.features import Features, read_features
from goals_tui.services.first_start import configuration_path


def test_the_project_keeps_its_name_currency_and_zone(services: Services) -> None:
    saved = services.project.save(services.project.get().model_copy(update={"name": "Desk", "currency": "USD"}))
    again = open_services(services.workspace.path, env={}).project.get()
    assert (again, again.name, again.currency, again.time_zone) == (saved, "Desk", "USD", "Europe/Berlin")


def test_settings_changed_elsewhere_are_a_conflict(services: Services) -> None:
    mine = services.project.get().model_copy(update={"name": "Mine"})
    services.project.save(services.project.get().model_copy(update={"currency": "CHF"}))
    with pytest.raises(ConflictError, match=r"was changed elsewhere \(name, currency\)"):
        services.project.save(mine)
    assert services.project.save(mine, overwrite=True).name == "Mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"currency": "EURO"}, "'EURO' is not a currency. Use an ISO 4217 code, for example EUR"),
        (
            {"time_zone": "Europe/Berln"},
            "'Europe/Berln' is not a time zone. Use an IANA name, for example Europe/Berlin",
        ),
        ({"name": " "}, "A project needs a name"),
    ],
)
def test_nonsense_settings_are_refused(tmp_path: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        create_workspace(tmp_path / "new", **{"name": "Desk", **options})
    assert message in str(refusal.value)
    assert not (tmp_path / "new").exists()


def test_no_workspace_is_made_over_another(services: Services) -> None:
    with pytest.raises(GoalsError, match="already"):
        create_workspace(services.workspace.path, name="Again")


def test_a_missing_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(GoalsError, match=r"goals-tui init .*goals-tui demo"):
        open_services(tmp_path / "nowhere", env={})


def test_currencies_have_names_signs_and_decimals() -> None:
    known = {currency.code: currency for currency in list_currencies()}
    assert (known["EUR"].name, known["EUR"].symbol, known["EUR"].digits) == ("Euro", "€", 2)
    assert (known["JPY"].digits, known["KWD"].digits) == (0, 3)
    assert "DEM" not in known
    assert check_currency(" usd ") == "USD"
    assert [check_currency(code) for code in ("CLF", "UYW", "VED", "CHE")] == ["CLF", "UYW", "VED", "CHE"]
    assert not {"CLF", "XAU"} & {currency.code for currency in list_currencies()}, "nobody pays with them"


@pytest.mark.parametrize(
    ("amount", "code", "shown"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("1234", "JPY", "¥1,234"),
        ("0.125", "KWD", "KWD\u00a00.125"),
        ("-2", "USD", "-$2.00"),
        ("28942.6", "JPY", "¥28,942.60"),
        ("0.125", "EUR", "€0.125"),
    ],
)
def test_money_is_shown_with_its_sign(amount: str, code: str, shown: str) -> None:
    assert format_money(Decimal(amount), code) == shown


def test_flags_come_from_the_environment_before_values_yaml() -> None:
    values = {"FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL": "12", "FEATURE_USE_GOALS_V2": "false"}
    from_file = read_features({}, values)
    assert (from_file.enabled, from_file.max_steps) == (False, 12)
    assert from_file.max_steps_from == "FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL in values.yaml"
    assert read_features({"FEATURE_USE_GOALS__MAX_STEPS_PER_GOAL": "20"}, values).max_steps == 20
    assert read_features({}, {}) == Features(enabled=True, max_steps=10)


@pytest.mark.parametrize("limit", ["21", "1", "ten", "-3", "1e1", "0x" + "f" * 5000, "9" * 5000, "\u0663"])
def test_a_step_limit_out_of_bounds_is_refused(limit: str) -> None:
    with pytest.raises(RefusedError, match="Write a number of steps from 2 to 20") as refused:
        read_features({"FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL": limit}, {})
    assert len(str(refused.value)) < 300


def test_the_limit_is_read_from_values_yaml(services: Services) -> None:
    (services.workspace.path / "values.yaml").write_text("FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL: 15\n")
    assert open_services(services.workspace.path, env={}).features.max_steps == 15


def test_the_default_workspace_follows_the_environment(home: Path) -> None:
    assert default_workspace({"GOALS_TUI_WORKSPACE": "/somewhere"}) == Path("/somewhere")
    assert default_workspace({}).name == "goals-tui"


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("2026-11-20T13:00:00+01:00", "2026-11-20T12:00:00+00:00"),
        ("2026-11-20T13:00", "2026-11-20T12:00:00+00:00"),
        ("2026-11-20", "2026-11-19T23:00:00+00:00"),
    ],
)
def test_the_clock_can_be_set_in_the_zone_of_the_project(services: Services, text: str, now: str) -> None:
    env = {"GOALS_TUI_NOW": text}
    assert open_services(services.workspace.path, env=env).clock().isoformat() == now
    made = create_workspace(services.workspace.path / "other", name="Desk", time_zone="Europe/Berlin", env=env)
    assert made.clock().isoformat() == now


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00Z"])
def test_a_clock_that_can_not_be_set(services: Services, wrong: str) -> None:
    with pytest.raises(RefusedError, match=r"Write a moment between 1970 and 2200, as in") as refused:
        open_services(services.workspace.path, env={"GOALS_TUI_NOW": wrong})
    assert not isinstance(refused.value, WrongValueError)


@pytest.mark.parametrize("key", ["europe/berlin", "EUROPE/BERLIN", "Europe/Berlin", " Europe/berlin "])
def test_a_time_zone_may_be_typed_in_any_case(new_services: Callable[..., Services], key: str) -> None:
    assert new_services("desk", time_zone=key).project.get().time_zone == "Europe/Berlin"


def test_where_the_configuration_is(home: Path) -> None:
    assert configuration_path({"GOALS_TUI_CONFIG": "~/mine.toml"}) == home / "mine.toml"
    assert configuration_path({}).name == "config.toml" and home in configuration_path({}).parents


def test_a_workspace_whose_project_was_taken_out(services: Services) -> None:
    project = services.project.get()
    with services.workspace.documents.transaction() as transaction:
        transaction.delete("project", project.id)
    with pytest.raises(UnreadableError, match="holds no project"):
        services.project.get()


def test_there_is_nothing_to_take_back_or_to_do_again(services: Services) -> None:
    assert (services.history.undo_label, services.history.redo_label) == (None, None)
    for work, message in ((services.history.undo, "nothing to undo"), (services.history.redo, "nothing to redo")):
        with pytest.raises(RefusedError, match=message):
            work()
    services.project.save(services.project.get().model_copy(update={"name": "Desk"}))
    services.history.undo()
    assert (services.history.undo_label, services.history.redo_label) == (None, "Change settings")


def test_a_feature_flag_is_true_or_false() -> None:
    assert read_features({"FEATURE_USE_GOALS_V2": "TRUE"}, {}).enabled
    with pytest.raises(GoalsError, match=r"is 'maybe'\. Write true or false\."):
        read_features({"FEATURE_USE_GOALS_V2": "maybe"}, {})


def test_the_signs_of_currencies_are_those_of_babel() -> None:
    known = Locale("en").currency_symbols
    signs = {currency.code: currency.symbol for currency in list_currencies()}
    assert signs == {code: known.get(code, code) for code in signs}
