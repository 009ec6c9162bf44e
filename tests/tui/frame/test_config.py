"""The user's configuration: read, kept with its comments, and refused with file, line and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.services.context import Services
from goals_tui.tui.app.config import Config, load
from tests.builders import event, flow
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, press, running, screen_text, shown_notifications


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    config = load(tmp_path / "config.toml")
    assert (config.theme, config.keys) == (None, {})


def test_theme_and_keys_are_read_in_both_ways_of_writing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "goals-light"\n[keys]\n"goals.new" = "f4"\ngoals.sort = "f5, z"\n')
    config = load(path)
    assert config.theme == "goals-light"
    assert config.keys == {"goals.new": "f4", "goals.sort": "f5,z"}


def test_what_is_kept_leaves_comments_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    Config(path).keep("theme", "goals-light")
    path.write_text("# mine\n" + path.read_text() + '[keys]\n# a key\n"goals.new" = "f4"\n')
    config = load(path)
    config.keep("theme", "nord")
    assert path.read_text() == '# mine\ntheme = "nord"\n[keys]\n# a key\n"goals.new" = "f4"\n'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('them = "nord"\n', 1, "there is no setting 'them'; did you mean 'theme'?"),
        ('\ntheme = "goals-drak"\n', 2, "there is no theme 'goals-drak'; did you mean 'goals-dark'?"),
        ("theme = 3\n", 1, "theme is a name in quotes"),
        ('keys = "n"\n', 1, "keys is a table"),
        ('tour_seen = "yes"\n', 1, "tour_seen is true or false"),
        ('[keys]\n\n"goals.nwe" = "n"\n', 3, "there is no action 'goals.nwe'; did you mean 'goals.new'?"),
        ('[keys]\n"goals.new" = "crtl+n"\n', 2, "'crtl+n' is not a key"),
        ('[keys]\n"goals.new" = "f44"\n', 2, "'f44' is not a key; did you mean 'f4'?"),
        ('[keys]\n"goals.new" = 4\n', 2, "keys are text"),
        ('[keys]\n"goals.new" = "s"\n', 2, "'s' is the key of goals.sort too"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line_and_the_default_is_used(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    config = load(path)
    assert (config.theme, config.keys, config.tour_seen) == (None, {}, False)
    [warning] = config.warnings
    assert warning.startswith(f"{path}, line {line}: ")
    assert message in warning
    assert warning.endswith(" The default is used.")


def test_what_is_right_is_used_beside_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('them = 1\ntheme = "nord"\n[keys]\n"goals.new" = "f4"\n"goals.sort" = "f44"\n')
    config = load(path)
    assert (config.theme, config.keys, len(config.warnings)) == ("nord", {"goals.new": "f4"}, 2)


def test_a_default_that_comes_back_clashes_with_no_key(tmp_path: Path) -> None:
    """goals.new takes the key of goals.sort, whose own new key is taken: then both have their defaults."""
    path = tmp_path / "config.toml"
    path.write_text('[keys]\n"goals.new" = "s"\n"goals.sort" = "o"\n')
    config = load(path)
    assert config.keys == {}
    assert "'o' is the key of goals.edit too" in config.warnings[0]
    assert "'s' is the key of goals.sort too" in config.warnings[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"theme = \n", "this is not TOML"),
        (b"\xff\xfe\x00", "can't be read"),
        (b"a = " + b"[" * 5000, "is nested too deeply"),
    ],
)
def test_no_toml_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    config = load(path)
    assert message in config.warnings[0] and "The defaults are used" in config.warnings[0]


async def test_the_app_starts_with_a_configuration_that_is_wrong_and_says_so(
    services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "goals-drak"\n[keys]\n"goals.nwe" = "n"\n')
    async with running(services, config=load(path)) as pilot:
        assert pilot.app.theme == "goals-dark"
        assert [text.partition(": ")[2][:20] for text in messages(pilot.app)] == [
            "there is no theme 'g",
            "there is no action '",
        ]


async def test_keys_of_the_user_work_and_are_shown(services: Services) -> None:
    async with running(services, config=Config(keys={"goals.new": "f4"})) as pilot:
        assert "f4 New" in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "New goal" in screen_text(pilot.app)


async def test_what_is_said_names_the_keys_of_the_user(services: Services) -> None:
    services.flows.save(flow("Booking"))
    goal = services.goals.save(book_a_flight(services))
    services.workspace.events.append([event(goal, goal.initial.name)])
    keys = {"app.undo": "f9", "goals.track": "f7", "sessions.longer": "f11", "insights.save-filters": "f12"}
    async with running(services, config=Config(keys=keys)) as pilot:
        await press(pilot, "w")
        assert messages(pilot.app) == ["No flow tracks 'Book a Flight' yet. Press f7 to track it in one."]
        await press(pilot, "2", "X")
        assert [said.title for said in shown_notifications(pilot.app)][-1] == "f9 brings it back"
        await press(pilot, "f9")
        assert [row.name for row in services.flows.summaries()] == ["Booking"]
        await press(pilot, "4")
        assert "Press f11 for a longer span, or f to change the filters." in screen_text(pilot.app)
        await press(pilot, "3", "L")
        assert messages(pilot.app)[-1] == "No filters are saved yet. f12 saves the present ones under a name."


async def test_the_theme_is_kept(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with running(services, config=Config(path)) as pilot:
        await pilot.app.run_action("theme")
        await press(pilot, "down")
        assert pilot.app.theme == "goals-light"
        await press(pilot, "escape")
        assert pilot.app.theme == "goals-dark", "what was only looked at is taken back"
        await pilot.app.run_action("theme")
        await press(pilot, "down", "enter")
        assert pilot.app.theme == "goals-light"
    assert load(path).theme == "goals-light"


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "nord"\n', "utf-8-sig")
    load(path).keep("theme", "goals-light")
    assert load(path).theme == "goals-light"


def test_a_link_stays_one_and_its_target_is_written(tmp_path: Path) -> None:
    target, path = tmp_path / "dotfiles" / "goals.toml", tmp_path / "config.toml"
    target.parent.mkdir()
    target.write_text("# mine\n")
    path.symlink_to(target)
    load(path).keep("theme", "nord")
    assert path.is_symlink()
    assert target.read_text() == '# mine\ntheme = "nord"\n'


async def test_escape_in_the_list_of_themes_writes_nothing(services: Services, tmp_path: Path) -> None:
    config = Config(tmp_path / "config.toml")
    async with running(services, config=config) as pilot:
        before = pilot.app.theme
        await pilot.app.run_action("theme")
        await press(pilot, "down", "escape")
        assert pilot.app.theme == before
        assert not (tmp_path / "config.toml").exists()


async def test_the_keys_of_lists_can_be_changed_too(services: Services) -> None:
    async with running(services, config=Config(keys={"app.list.down": "f6"}), area="settings") as pilot:
        await press(pilot, "f6", "down")
        assert pilot.app.screen.chosen.title == "Currency"
