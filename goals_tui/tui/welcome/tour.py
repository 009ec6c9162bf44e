"""The tour of the demo: cards over the real screens that explain what to press. It is shown once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from goals_tui.domain.errors import GoalsError
from goals_tui.tui.app.actions import bindings, key_name, keys_of
from goals_tui.tui.app.background import ClosesOnce
from goals_tui.tui.app.textual_compat import keymap, own_keys
from goals_tui.tui.widgets.bars import KeyBar

if TYPE_CHECKING:
    from goals_tui.tui.app.app import GoalsApp

Move = Literal["next", "back"] | events.Key
"""The result of a card. A key ends the tour and is passed on to the screen below."""


@dataclass(frozen=True)
class Card:
    """A card of the tour. `area` is the screen it is about; `keys` are ids of actions with what they do."""

    area: str
    title: str
    text: str
    keys: tuple[tuple[str, str], ...]


CARDS = (
    Card(
        "goals",
        "Goals: what a conversation should achieve",
        "Each goal is a journey from an initial step ● to a completion step ◎; steps are worth money and time. What "
        "if, in the editor, says what an edit would have changed in what was recorded, before you save it.",
        (("goals.edit", "opens a goal"), ("goals.track", "tracks it in a flow"), ("goals.new", "defines a new one")),
    ),
    Card(
        "flows",
        "Flows: where goals are tracked",
        "Track Goal Process nodes record the steps. Choose the draft: it is wired badly, and the checks say why.",
        (
            ("flows.choose", "opens another flow"),
            ("flows.findings", "lists what is wrong"),
            ("flows.talk", "talks to the flow"),
        ),
    ),
    Card(
        "insights",
        "Insights: what it all saved",
        "Every number leads to the conversations behind it. The newer snapshot does better: see the breakdown. With "
        "goals-tui demo --live, conversations arrive while you look.",
        (
            ("insights.longer", "takes a longer span"),
            ("insights.breakdown", "compares"),
            ("insights.table", "shows the table"),
        ),
    ),
    Card(
        "goals",
        "Everywhere",
        "Break whatever you like: edits can be undone (deleted events can't), and goals-tui "
        "demo --fresh makes all of it again.",
        (("app.palette", "finds everything"), ("app.help", "explains a screen"), ("app.jump", "goes to a part of it")),
    ),
)


class TourCard(ModalScreen[Move | None], ClosesOnce[Move | None]):
    """A card at the bottom of the screen that it explains. It returns the next move, or None to end the tour."""

    CONTEXT: ClassVar[str] = "welcome.tour"
    BINDINGS = bindings("welcome.tour")
    DEFAULT_CSS = """
    TourCard { align: right bottom; }
    TourCard > #card {
        width: 76; max-width: 100%; height: auto; margin: 0 2 2 2; padding: 1 2;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $quiet;
    }
    TourCard.-narrow > #card { margin: 0 0 1 0; }
    TourCard #card Static { width: 1fr; height: auto; }
    TourCard #keys { margin-top: 1; }
    TourCard #try { color: $quiet; }
    """

    def __init__(self, card: Card, number: int) -> None:
        super().__init__()
        self.card = card
        self.number = number
        self.leads_on: set[str] = set()
        """The keys of the card's actions, without those that the tour uses itself."""

    def compose(self) -> ComposeResult:
        with Vertical(id="card") as box:
            box.border_title = Content(self.card.title)
            box.border_subtitle = Content(f"{self.number + 1} of {len(CARDS)}")
            yield Static(self.card.text, markup=False)
            yield Static(self._keys(), id="keys")
            yield Static("They work here too, and end the tour.", id="try")
        yield KeyBar()

    def on_mount(self) -> None:
        """Make the background transparent, so that the explained screen is not dimmed as under a dialog."""
        self.styles.background = "transparent"

    def _keys(self) -> Content:
        parts = []
        for id_, words in self.card.keys:
            keys = [key for key in keys_of(keymap(self.app), id_) if key not in own_keys(self)]
            self.leads_on.update(keys)
            if keys:
                parts.append(Content.assemble((key_name(keys[0]), "bold $primary"), f" {words}"))
        return Content("   ").join(parts)

    def on_key(self, event: events.Key) -> None:
        """End the tour if the key is one that the card names."""
        if event.key in self.leads_on:
            event.stop()
            self.dismiss(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable going back on the first card."""
        return action != "back" or self.number > 0

    def action_next(self) -> None:
        """Go to the next card."""
        self.dismiss("next")

    def action_back(self) -> None:
        """Go to the previous card."""
        self.dismiss("back")

    def action_cancel(self) -> None:
        """End the tour."""
        self.dismiss(None)


class LastCard(TourCard):
    """The last card of the tour."""

    CONTEXT = "welcome.tour.last"
    BINDINGS = bindings("welcome.tour.last")


async def show_tour(app: GoalsApp) -> None:
    """Show the tour, and record in the configuration that it was seen. Await it in a Textual worker."""
    try:
        app.config.keep("tour_seen", True)
    except GoalsError as error:
        app.show_error(error)
    number = 0
    while 0 <= number < len(CARDS):
        card = CARDS[number]
        await app.switch_mode(card.area)
        move = await app.push_screen_wait((TourCard if number < len(CARDS) - 1 else LastCard)(card, number))
        if isinstance(move, events.Key):
            app.post_message(events.Key(move.key, move.character))
            return
        if move is None:
            break
        number += 1 if move == "next" else -1
    await app.switch_mode("goals")
