"""Conversations kept as tests: a flow, the answers to its questions, and the expected goal events."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.conversation import Conversation, Fired, Output, Program
from goals_tui.domain.cycle import join_cycle
from goals_tui.domain.errors import GoalsError, NotFoundError, RefusedError
from goals_tui.domain.flow import TrackGoal
from goals_tui.format import plural
from goals_tui.services.export_files import unused
from goals_tui.services.yaml_files import NodeReader, place, round_trip, text_of

if TYPE_CHECKING:
    from goals_tui.domain.flow import Flow
    from goals_tui.domain.goal import Goal
    from goals_tui.services.activities import Activities
    from goals_tui.services.flows import FlowService
    from goals_tui.services.goals import GoalService
    from goals_tui.store.workspace import Workspace

FOLDER = "conversations"
"""The folder of the workspace with the tests, one file each."""

_KEYS = ("flow", "answers", "events")
_EVENT_KEYS = ("goal", "step")

Event = tuple[str, str]
"""The name of a goal and of one of its steps."""


@dataclass(frozen=True)
class ConversationTest:
    """The content of a test file: a flow, the answers to its questions, and the steps to be tracked, in order."""

    flow: str
    answers: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class TestResult:
    """The result of a test. `problems` is empty if it passed; `difference` compares the expected and actual events."""

    __test__ = False

    name: str
    problems: tuple[str, ...]
    difference: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True if the events were as expected and no answer was left over."""
        return not self.problems


class ConversationTests:
    """The conversation tests of a workspace."""

    def __init__(self, workspace: Workspace, flows: FlowService, goals: GoalService, activities: Activities) -> None:
        self._workspace = workspace
        self._flows = flows
        self._goals = goals
        self._activities = activities

    @property
    def folder(self) -> Path:
        """The folder that `keep` writes to and `files` lists."""
        return self._workspace.path / FOLDER

    def files(self) -> list[Path]:
        """Return the test files of the workspace, by name."""
        return sorted(self.folder.glob("*.yaml")) if self.folder.is_dir() else []

    def read(self, path: Path) -> ConversationTest:
        """Return the content of a test file.

        Raises UnreadableError with line and column, and RefusedError where the file names no flow.
        """
        reader = NodeReader(path)
        fields = reader.root(text_of(path), _KEYS, "a conversation test")
        if "flow" not in fields:
            raise RefusedError(f"{path} names no flow. Add `flow: NAME`.")
        events = []
        for node in reader.items(fields.get("events"), "events"):
            event = reader.fields(node, _EVENT_KEYS, "an event")
            events.append((reader.name(node, event, "goal"), reader.name(node, event, "step")))
        answers = tuple(reader.text(node) for node in reader.items(fields.get("answers"), "answers"))
        flow = reader.text(fields["flow"]).strip()
        if not flow:
            reader.refuse(place(fields["flow"]), "the flow has no name.")
        return ConversationTest(flow, answers, tuple(events))

    def recorded(self, session_id: str) -> ConversationTest:
        """Return a session as a test: the flow and the answers of its activities, and the steps that it tracked.

        What the user said before the agent spoke opened the conversation and is no answer. `flow` is empty where the
        activities name no flow of the project. Raises RefusedError where the answers are unknown, UnreadableError.
        """
        activities = self._activities.of_session_if_any(session_id)
        if not activities:
            raise RefusedError(
                f"The session {session_id!r} has no activities, so what was said in it is unknown. "
                "Import its log as activities first, or keep a conversation from the Interaction Panel."
            )
        kinds = [one.kind for one in activities]
        spoke = kinds.index("agent") if "agent" in kinds else 0
        said = [one.text for one in activities[spoke:] if one.kind == "user"]
        answers = [text for text in said if text is not None]
        if len(answers) < len(said):
            raise RefusedError(
                f"The texts of the session {session_id!r} were left out when it was imported, so the answers are "
                "unknown. Import its log again, with texts."
            )
        flows = self._flows.all()
        named = dict.fromkeys(one.flow for one in activities if one.flow)
        flow = next((flow.name for name in named for flow in flows if name in (flow.name, flow.id)), "")
        return ConversationTest(flow, tuple(answers), tuple(self._tracked_in(session_id)))

    def _tracked_in(self, session_id: str) -> list[Event]:
        goals = self._goals.by_id()
        found = [
            (event.timestamp, goal.order_of(event.step_id), place, goal, event.step_id)
            for place, event in enumerate(self._workspace.events.session_events(session_id))
            if event.goal_id in goals and (goal := goals[event.goal_id])
        ]
        return [
            (goal.name, step.name)
            for *_order, goal, step_id in sorted(found, key=lambda one: one[:3])
            for step in goal.steps
            if step.id == step_id
        ]

    def run_all(self) -> list[TestResult]:
        """Run every test of the workspace. A file that can't be read is a test that fails."""
        results = []
        for path in self.files():
            try:
                results.append(self.run(path))
            except GoalsError as error:
                results.append(TestResult(path.stem, (str(error),)))
        return results

    def keep(self, name: str, test: ConversationTest) -> Path:
        """Write a test to a new file in the workspace and return its path. Raises UnreadableError."""
        from goals_tui.store.atomic import make_folder, user_file

        make_folder(self.folder)
        path = unused(self.folder, name, ".yaml", otherwise="conversation")
        text = io.StringIO()
        content = {
            "flow": test.flow,
            "answers": list(test.answers),
            "events": [{"goal": goal, "step": step} for goal, step in test.events],
        }
        round_trip().dump(content, text)
        with user_file(path) as file:
            file.write_text(text.getvalue(), "utf-8", newline="")
        return path

    def run(self, path: Path) -> TestResult:
        """Run one test through the interpreter, without writing anything. Raises the same errors as `read`."""
        test = self.read(path)
        try:
            flow = self._flows.get(test.flow)
        except NotFoundError as error:
            return TestResult(path.stem, (str(error),))
        try:
            came, problems = self._talk(flow, test.answers)
        except GoalsError as error:
            return TestResult(path.stem, (str(error),))
        difference: tuple[str, ...] = ()
        if came != list(test.events):
            must, did = [_line(event) for event in test.events], [_line(event) for event in came]
            difference = tuple(line for line in difflib.ndiff(must, did) if not line.startswith("?"))
            missing = sum(line.startswith("-") for line in difference)
            more = sum(line.startswith("+") for line in difference)
            said = [f"{plural(missing, 'event')} missing"] if missing else []
            said += [f"{plural(more, 'event')} too many"] if more else []
            problems.append(", ".join(said))
        return TestResult(path.stem, tuple(problems), difference)

    def _talk(self, flow: Flow, answers: Sequence[str]) -> tuple[list[Event], list[str]]:
        """Answer the flow's questions; return the events, and problems with the answers."""
        conversation, goals = begin_conversation(self._flows, self._goals, flow)
        tracked = _Tracked(goals)
        tracked.take(conversation.start())
        for place_, answer in enumerate(answers, 1):
            if conversation.waiting is None:
                return tracked.events, [f"Nothing was asked any more when answer {place_} ({answer!r}) was due."]
            tracked.take(conversation.answer(answer))
        return tracked.events, []


def begin_conversation(
    flow_service: FlowService, goal_service: GoalService, flow: Flow
) -> tuple[Conversation, dict[str, Goal]]:
    """Return a conversation with a flow that has not started yet, and the goals that the flows track, by their ids."""
    flows = [*(other for other in flow_service.all() if other.id != flow.id), flow]
    known = goal_service.by_id()
    # Parse only the goals that the flows track, as the user is waiting for the panel to open.
    named = {node.goal_id for each in flows for node in each.walk() if isinstance(node, TrackGoal)}
    goals = {goal_id: known[goal_id] for goal_id in sorted(named & known.keys())}
    return Conversation(Program(flows, list(goals.values())), flow.id), goals


class _Tracked:
    """The events of a conversation by the rules of tracking: steps before the initial one are not tracked."""

    def __init__(self, goals: dict[str, Goal]) -> None:
        self.events: list[Event] = []
        self._goals = goals
        self._open: dict[str, str] = {}

    def take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if not isinstance(output, Fired) or output.goal_id not in self._goals:
                continue
            goal = self._goals[output.goal_id]
            joined = join_cycle(goal, output.step_ids, self._open.get(goal.id), lambda: f"{len(self.events)}")
            if joined.cycle_id is not None:
                self._open[goal.id] = joined.cycle_id
            self.events += [(goal.name, goal.step(step_id).name) for step_id in joined.tracked]


def _line(event: Event) -> str:
    return f"{event[0]}: {event[1]}"
