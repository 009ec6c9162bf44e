"""The Interaction Panel: a chat with a flow, and the goal events that it tracks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.widgets.option_list import Option

from goals_tui.domain.flow import Flow
from goals_tui.domain.model import MAX_NAME
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import AskText
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.flows.chart import FlowChart
from goals_tui.tui.flows.kinds import Names
from goals_tui.tui.flows.talk import Line, PanelConversation, debug_parts
from goals_tui.tui.widgets.fields import Options

AGAIN, BACK = "Start again", "Back to the chart"


_SHARE = 0.4
"""The minimum share of the height for debug mode below the chat."""

MOST_AT_ONCE = 60
"""The maximum number of lines added to the chat at once, as a flow that loops says a lot."""


class Bubble(Horizontal):
    """A line of the chat."""

    DEFAULT_CSS = """
    Bubble { height: auto; width: 1fr; margin-bottom: 1; }
    Bubble Static { width: auto; max-width: 80%; padding: 0 1; }
    Bubble.-agent Static { background: $panel; border-left: outer $primary; }
    Bubble.-user { align-horizontal: right; }
    Bubble.-user Static { background: $primary 25%; border-right: outer $accent; }
    Bubble.-note { align-horizontal: center; }
    Bubble.-note Static { color: $quiet; max-width: 100%; }
    """

    def __init__(self, line: Line) -> None:
        super().__init__(classes=f"-{line.who}")
        self.line = line

    def compose(self) -> ComposeResult:
        yield Static(self.line.text, markup=False)


class Chat(VerticalScroll):
    """The scrolling chat; its end stays in view when its height shrinks, as when debug mode opens below it."""

    def on_resize(self) -> None:
        self.scroll_end(animate=False)


class Transcript(Vertical):
    """All lines of the chat; posts `Resized` whenever their height changes."""

    DEFAULT_CSS = """
    Transcript { height: auto; }
    """

    class Resized(Message):
        """Posted when lines were added, or wrap differently."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class Earlier(Static):
    """The goal events before the newest; when they grow, the content below them is scrolled into view."""

    def on_resize(self) -> None:
        assert isinstance(self.parent, VerticalScroll)
        self.parent.scroll_to(y=self.size.height, animate=False)


class Answers(Options):
    """The buttons of a question: number keys and arrows choose, any other character begins free text.

    After the end of a conversation it offers what to do next, and leaves letters to the app.
    """

    DEFAULT_CSS = """
    Answers { height: auto; max-height: 8; margin-bottom: 1; display: none; }
    """

    @dataclass
    class Typed(Message):
        """Posted when a character for the text field was typed."""

        letter: str

    def __init__(self) -> None:
        super().__init__(id="answers")
        self.answers: tuple[str, ...] = ()
        self.at_the_end = False

    def offer(self, answers: tuple[str, ...], *, at_the_end: bool = False) -> None:
        """Show answers with their numbers; hide the list if there are none."""
        self.answers, self.at_the_end = answers, at_the_end
        self.clear_options()
        self.display = bool(answers)
        rows = []
        for number, answer in enumerate(answers, 1):
            key = str(number) if number < 10 else " "
            rows.append(Option(Content.assemble((f" {key} ", "bold $primary"), Content(answer))))
        self.add_options(rows)
        if answers:
            self.highlighted = 0

    def on_key(self, event: events.Key) -> None:
        """Choose an answer by its number; pass any other character to the text field."""
        typed = event.character
        if typed is None or not event.is_printable or event.key == "space":
            return
        digit = typed in "0123456789"
        if self.at_the_end and not digit:
            return
        # A digit without an answer must not reach the app, where it would open another screen.
        event.stop()
        if digit and 1 <= int(typed) <= len(self.answers):
            self.post_message(self.OptionSelected(self, self.get_option_at_index(int(typed) - 1), int(typed) - 1))
        elif not self.at_the_end:
            self.post_message(self.Typed(typed))


class PanelScreen(ScreenFrame[None]):
    """The screen of a conversation with a flow."""

    AREA = "flows"
    CONTEXT = "flows.panel"
    HELP = (
        "Talk to the flow as an end user would. Its goal events are real, and marked as coming from the "
        "**Interaction Panel**: reports leave them out unless asked. **Debug** shows each as it fires: "
        "● initial step, ○ step, ◎ completion step."
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("flows.panel")]
    DEFAULT_CSS = f"""
    PanelScreen #panel {{ height: 1fr; }}
    PanelScreen #talk {{ width: 1fr; height: 1fr; max-width: 100; }}
    PanelScreen #chat {{ height: 1fr; scrollbar-size-vertical: 1; padding-right: 1; }}
    PanelScreen #debug {{ width: 46; height: 1fr; display: none; margin-left: 2; padding-left: 2;
                         border-left: vkey $border-blurred; }}
    PanelScreen #state {{ height: auto; margin-bottom: 1; }}
    PanelScreen #tracked {{ height: 1fr; scrollbar-size-vertical: 1; }}
    PanelScreen #tracked Static {{ height: auto; }}
    PanelScreen.-debug #debug {{ display: block; }}
    PanelScreen.-narrow #panel, PanelScreen.-normal #panel {{ layout: vertical; }}
    PanelScreen.-narrow #debug, PanelScreen.-normal #debug {{
        width: 1fr; height: {_SHARE:.0%}; margin: 1 0 0 0; padding: 0; border: none; border-top: hkey $border-blurred;
    }}
    PanelScreen.-narrow #state, PanelScreen.-normal #state {{ margin-bottom: 0; }}
    PanelScreen #panel-chart {{ display: none; width: 1fr; margin-right: 2; }}
    PanelScreen.-huge #panel-chart {{ display: block; }}
    """

    def __init__(self, flow: Flow, debug: bool | None, remember: Callable[[bool], object]) -> None:
        """Create the screen; `remember` is called with each change of debug mode.

        `debug` is whether debug mode is shown at first; None shows it if there is room beside the chat.
        """
        super().__init__()
        self.flow = flow
        self._debug = debug
        self._remember = remember
        self.talk: PanelConversation | None = None
        self._shown = 0

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panel"):
            chart = FlowChart(id="panel-chart")
            chart.can_focus = False
            yield chart
            with Vertical(id="talk"):
                with Chat(id="chat", can_focus=False):
                    yield Transcript(id="transcript")
                yield Answers()
                yield Input(placeholder="Type an answer", id="answer", max_length=MAX_NAME, select_on_focus=False)
            with Vertical(id="debug"):
                yield Static("", id="state", markup=False)
                with VerticalScroll(id="tracked"):
                    yield Earlier("", id="earlier", markup=False)
                    yield Static("", id="newest", markup=False)
                    yield Static("", id="cycles", markup=False)

    def on_mount(self) -> None:
        """Start the conversation."""
        self.place = f"{self.flow.name} › Interaction Panel"
        self.set_class(self.app.size.width >= 120 if self._debug is None else self._debug, "-debug")
        self._begin()

    def action_restart(self) -> None:
        """Start a new conversation in its own session."""
        self._begin()

    def action_debug(self) -> None:
        """Show or hide debug mode; the panel opens the same way the next time."""
        self.toggle_class("-debug")
        self._remember(self.has_class("-debug"))
        self.call_after_refresh(self._share)

    @work(group="waits")
    async def action_keep(self) -> None:
        """Save the conversation as a test in the workspace."""
        talk = self.talk
        if talk is None:
            return
        dialog = AskText("Keep this conversation as a test", value=self.flow.name, save="Keep")
        name = await self.app.push_screen_wait(dialog)
        if name is not None:
            test = talk.as_test(self.flow.name)
            self.write("Keeping the test", lambda: self.services.conversation_tests.keep(name, test), self._kept)

    def _kept(self, path: Path) -> None:
        key = self.named_key("flows.tests")
        self.notify(
            f"Kept as {path.parent.name}/{path.name} in the workspace. {key} on the chart or `goals-tui test` runs all."
        )

    def on_resize(self) -> None:
        """Divide the height again between chat and debug mode."""
        self.call_after_refresh(self._share)

    @on(Transcript.Resized)
    def _share(self) -> None:
        """Give debug mode the lines that a short chat above it leaves free, or else the share set in the styles."""
        panel, chat, transcript, debug = (
            self.query_one(f"#{part}") for part in ("panel", "chat", "transcript", "debug")
        )
        height = 0
        if self.has_class("-debug") and (self.has_class("-narrow") or self.has_class("-normal")):
            height = debug.outer_size.height + chat.size.height - transcript.outer_size.height
        debug.styles.height = height if height > panel.size.height * _SHARE else None

    def action_close(self) -> None:
        """Return to the chart."""
        self.app.pop_screen()

    @work
    async def _begin(self) -> None:
        flow = self.attempt(lambda: self.services.flows.get(self.flow.id))
        if flow is not None:
            self.talk = talk = PanelConversation(self.services, flow)
            await self.attempt_change("Tracking the conversation", talk.start)
        self.query_one("#transcript").remove_children()
        self._shown = 0
        self._show()

    @on(Input.Submitted, "#answer")
    def _typed(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text:
            event.input.value = ""
            self._answer(text)

    @on(Answers.OptionSelected)
    def _chose(self, event: Options.OptionSelected) -> None:
        if not Options.is_there(event):
            return
        answer = self.query_one(Answers).answers[event.option_index]
        if self.talk is not None and self.talk.ended:
            if answer == AGAIN:
                self._begin()
            else:
                self.action_close()
        else:
            self._answer(answer)

    @on(Answers.Typed)
    def _letter(self, event: Answers.Typed) -> None:
        field = self.query_one("#answer", Input)
        if not field.disabled:
            field.focus()
            field.insert_text_at_cursor(event.letter)

    @work
    async def _answer(self, text: str) -> None:
        talk = self.talk
        if talk is None or talk.asked is None or self.goals_app.doing(self):
            return
        await self.attempt_change("Tracking the conversation", lambda: talk.answer(text))
        if talk is self.talk:
            self._show()

    def _show(self) -> None:
        talk = self.talk
        if talk is None:
            return
        chat = self.query_one("#chat", VerticalScroll)
        self.query_one("#transcript").mount(*(Bubble(line) for line in _shortened(talk.lines[self._shown :])))
        self._shown = len(talk.lines)
        chat.scroll_end(animate=False)
        answers, field = self.query_one(Answers), self.query_one("#answer", Input)
        field.disabled = talk.ended is not None
        field.display = talk.ended is None
        if talk.ended is not None:
            answers.offer((AGAIN, BACK), at_the_end=True)
        else:
            answers.offer(talk.asked.buttons if talk.asked else ())
        if answers.display:
            answers.focus()
        else:
            field.focus()
        tracked = debug_parts(talk, self.services.project.get().currency)
        for part, content in zip(("state", "earlier", "newest", "cycles"), tracked, strict=True):
            self.query_one(f"#{part}", Static).update(content)
        self._show_chart(talk)
        self.call_after_refresh(self._share)

    def _show_chart(self, talk: PanelConversation) -> None:
        chart = self.query_one("#panel-chart", FlowChart)
        flows = self.services.flows.all()
        here = talk.node
        flow = next((flow for flow in flows if here and any(node.id == here.id for node in flow.walk())), self.flow)
        chart.show(flow, Names(self.services.goals.by_id(), {other.id: other for other in flows}), {})
        if here is not None:
            chart.select(here.id)


def _shortened(lines: list[Line]) -> list[Line]:
    if len(lines) <= MOST_AT_ONCE:
        return lines
    half = MOST_AT_ONCE // 2
    return [*lines[:half], Line("note", f"{len(lines) - MOST_AT_ONCE:,} more"), *lines[-half:]]
