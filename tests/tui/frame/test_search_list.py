"""The list that is narrowed down by typing: a long one is listed bit by bit."""

from __future__ import annotations

from goals_tui.services.context import Services
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.widgets.search_list import SearchList
from tests.tui.harness import press, running, screen_text, settle, until_true

OPTIONS = [Option(str(number), f"Option {number}") for number in range(350)]


async def test_only_the_options_near_the_view_are_listed_until_others_are_needed(services: Services) -> None:
    async with running(services) as pilot:
        pilot.app.push_screen(Choose("Choose", OPTIONS))
        await settle(pilot)
        found = pilot.app.screen.query_one(SearchList)
        assert found.rows.option_count == SearchList.ROWS_AT_ONCE
        assert found.shown == OPTIONS
        await press(pilot, *["pagedown"] * 40)
        assert found.highlighted == OPTIONS[-1]
        assert found.rows.option_count == len(OPTIONS)


async def test_the_wheel_brings_the_others_too(services: Services) -> None:
    async with running(services) as pilot:
        pilot.app.push_screen(Choose("Choose", OPTIONS))
        await settle(pilot)
        rows = pilot.app.screen.query_one(SearchList).rows

        def all_listed() -> bool:
            rows.scroll_end(animate=False, immediate=True)
            return rows.option_count == len(OPTIONS)

        await until_true(pilot, all_listed)


async def test_the_cursor_is_on_the_chosen_one_however_far_down(services: Services) -> None:
    async with running(services) as pilot:
        pilot.app.push_screen(Choose("Choose", OPTIONS, chosen="222"))
        await settle(pilot)
        found = pilot.app.screen.query_one(SearchList)
        assert found.highlighted == OPTIONS[222]
        await press(pilot, "3", "4", "9")
        assert found.highlighted == OPTIONS[349]
        await press(pilot, "backspace", "backspace", "backspace", "down")
        assert found.highlighted == OPTIONS[223]


async def test_a_key_makes_no_row_again_and_leaves_the_layout_as_it_is(services: Services) -> None:
    """What a key of the search costs: rows keep their heights, and the number of matches has room for any."""
    async with running(services) as pilot:
        pilot.app.push_screen(Choose("Choose", OPTIONS))
        await settle(pilot)
        found, count = pilot.app.screen.query_one(SearchList), pilot.app.screen.query_one("#count")
        first, place = found.rows.get_option_at_index(0), count.region
        await press(pilot, "o", "p")
        assert found.rows.get_option_at_index(0) is first
        assert count.region == place
        assert "350 of 350" in screen_text(pilot.app)
        found.redraw(OPTIONS[0])
        await press(pilot, "backspace")
        assert found.rows.get_option_at_index(0) is not first, "it is drawn as it is now"
        await press(pilot, "z")
        assert found.rows.option_count == 0
        assert "No matches" in screen_text(pilot.app)
