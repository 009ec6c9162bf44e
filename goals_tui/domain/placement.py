"""Proposals of where in a flow the steps of a goal belong, from the paths that conversations can take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from goals_tui.domain.flow import Flow, If, Lookup, Node, Question, Say, TrackGoal, title, walk_nodes
from goals_tui.domain.flow_edit import Position, position_of
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.program import compares, folded_answer
from goals_tui.domain.wiring_graph import FlowGraph, Op
from goals_tui.domain.words import fold

_START = -1
"""The place before the first node, which every conversation passes."""
_ENOUGH = 4
"""The most letters of a word that are compared with those of another."""
_SHORT = 3
"""The fewest letters of a word that says what a step is about."""
_ENDINGS = ("ments", "ment", "ings", "ing", "ed", "es", "s", "e")
_IRREGULAR = {
    form: root
    for root, forms in {
        "bring": "brought",
        "buy": "bought",
        "choose": "choice choices chose chosen",
        "find": "found",
        "give": "gave given",
        "hold": "held",
        "keep": "kept",
        "leave": "left",
        "meet": "met",
        "pay": "paid",
        "sell": "sold",
        "send": "sent",
        "speak": "spoke spoken",
        "take": "took taken",
        "tell": "told",
        "write": "wrote written",
    }.items()
    for form in forms.split()
}
_COMMON = frozenset(
    "all and any are can could did does for from get got had has have her here his how into its just let like may more "
    "much need not now one our out please shall she should some than that the their them then there these they this "
    "those too want was were what when where which who why will with would yes you your "
    "aus bei das dem den der des die ein für ich ihr ist mit sie und von was wie wir".split()
)
"""Words that say nothing about what a text is about."""
_LONGEST = 40
"""The most characters of a text by which a node is called."""
_ENDS = {Op.JUMP, Op.STOP, Op.END}


@dataclass(frozen=True)
class Placement:
    """A place for a Track Goal Process node of one step. `where` and `reason` are for people."""

    step: Step
    position: Position
    where: str
    reason: str


@dataclass(frozen=True)
class Unplaced:
    """A step for which no place can be told; `reason` is for people."""

    step: Step
    reason: str


def placements(flow: Flow, goal: Goal, flows: Mapping[str, Flow]) -> list[Placement]:
    """Return a place for each step of a goal that the flow does not track where it counts, in the goal's order.

    The initial step belongs before all others on every path: at their nearest common dominator. A completion step
    belongs where no path from the initial step avoids it: at the last post-dominator. Between them, a step belongs to
    the node whose text mentions it, else to the question whose answer is saved under its name, else to the branch that
    an answer with its name leads to. Steps for which no such place exists are `unplaced`.
    """
    return [one for one in _Placing(flow, goal, flows).found() if isinstance(one, Placement)]


def unplaced(flow: Flow, goal: Goal, flows: Mapping[str, Flow]) -> list[Unplaced]:
    """Return the steps of a goal that the flow does not track and for which `placements` has no place."""
    return [one for one in _Placing(flow, goal, flows).found() if isinstance(one, Unplaced)]


class _Placing:
    def __init__(self, flow: Flow, goal: Goal, flows: Mapping[str, Flow]) -> None:
        self.flow, self.goal = flow, goal
        self.graph = FlowGraph(flow, flows)
        self.before = _dominators(self.graph)
        self.after = _post_dominators(self.graph)
        self.tracking: dict[str, list[int]] = {}
        for place, node in enumerate(self.graph.nodes):
            if isinstance(node, TrackGoal) and node.goal_id == goal.id and place in self.before:
                for step_id in node.step_ids:
                    self.tracking.setdefault(step_id, []).append(place)

    def found(self) -> Iterator[Placement | Unplaced]:
        opening, initial = self._initial()
        if initial is not None:
            yield initial
        for step in self.goal.further:
            if step.id not in self.tracking:
                yield self._completion(step, opening) if step.kind == "completion" else self._further(step, opening)

    def _initial(self) -> tuple[int, Placement | None]:
        """Return the place that the cycle opens at, and the proposal for the initial step if it is not tracked there.

        The place is that of the node before.
        """
        initial, others = self.goal.initial, [step for step in self.goal.further if step.id in self.tracking]
        places = [place for step in others for place in self.tracking[step.id]]
        own = self.tracking.get(initial.id, [])
        if own and all(any(self._dominates(one, place) for one in own) for place in places):
            return reduce(self._common, own), None
        if places:
            place = reduce(self._common, places)
            named = " and ".join(repr(step.name) for step in others[:2])
            reason = f"Every path to {named} passes here, and only what comes after it counts."
            if place == _START or place in places or self.graph.nodes[place].branches:
                before = max(place, 0)
                return self._previous(before), self._placed(initial, before, reason, after=False)
            return place, self._placed(initial, place, reason)
        mentioned = self._mentioning(initial, _START)
        further = [self._mentioning(step, _START) for step in self.goal.further]
        if mentioned is not None and all(place is None or self._dominates(mentioned, place) for place in further):
            return mentioned, self._placed(initial, mentioned, "Its text mentions the step.")
        reason = "Every conversation passes here."
        return _START, Placement(initial, Position(None, 0, 0), "at the start", reason)

    def _completion(self, step: Step, opening: int) -> Placement | Unplaced:
        certain = self._certain(opening)
        mentioned = self._mentioning(step, opening, certain=certain)
        if mentioned is not None and self._behind(mentioned, step, opening) is None:
            reason = "Its text mentions the step."
            if mentioned in certain:
                reason = f"{reason} No path from {self.goal.initial.name!r} avoids it."
            return self._placed(step, mentioned, reason)
        after = self.goal.initial
        behind = self._behind(certain[-1] if certain else opening, step, opening)
        if behind is not None:
            after, certain = behind[0], self._certain(behind[1])
        if not certain:
            return Unplaced(step, f"Paths after {after.name!r} share no node, and no text there mentions it.")
        last = certain[-1]
        return self._placed(step, last, f"No path from {after.name!r} avoids it.", after=self._goes_on(last))

    def _behind(self, place: int, step: Step, opening: int) -> tuple[Step, int] | None:
        """Return the last of the steps before this one in the goal that every path reaches after `place`."""
        found = None
        for each in self.goal.further[: self.goal.further.index(step)]:
            mentioned = self._mentioning(each, opening)
            known = self.tracking.get(each.id, [] if mentioned is None else [mentioned])
            if known and all(one != place and self._dominates(place, one) for one in known):
                found = each, known[-1]
        return found

    def _further(self, step: Step, opening: int) -> Placement | Unplaced:
        mentioned = self._mentioning(step, opening)
        if mentioned is not None:
            return self._placed(step, mentioned, "Its text mentions the step.")
        saved = self._mentioning(step, opening, _saved_as)
        if saved is not None:
            return self._placed(step, saved, f"Its answer is saved as {_saved_as(self.graph.nodes[saved])!r}.")
        asked = self._mentioning(step, opening, _answers)
        if asked is None:
            return Unplaced(step, f"No text, answer or saved value after {self.goal.initial.name!r} mentions it.")
        return self._answered(step, asked)

    def _answered(self, step: Step, asked: int) -> Placement | Unplaced:
        """Return the beginning of the branch that the answers with the step's name to a question lead to."""
        question = self.graph.nodes[asked]
        assert isinstance(question, Question)
        place = self.after[asked]
        while place < self.graph.exit and isinstance(self.graph.nodes[place], TrackGoal):
            place = self.after[place]
        fork = self.graph.nodes[place] if place < self.graph.exit else question
        words = _stems(step.name) - _stems(self.goal.name) or _stems(step.name)
        answers = [answer for answer in question.buttons if words & _stems(answer)]
        branches = {_branch(fork, answer, question.save_as) for answer in answers}
        branch = branches.pop()
        if branches or branch is None:
            return Unplaced(step, f"Answers to {self._called(question)} mention it, but no branch is theirs alone.")
        where = f"in {fork.branches[branch].title!r} of {self._called(fork)}"
        return Placement(step, Position(fork.id, branch, 0), where, f"The answer {answers[0]!r} leads here.")

    def _placed(self, step: Step, place: int, reason: str, *, after: bool = True) -> Placement:
        node = self.graph.nodes[place]
        at = position_of(self.flow, node.id)
        where = f"{'after' if after else 'before'} {self._called(node)}"
        return Placement(step, Position(at.parent_id, at.branch, at.index + after), where, reason)

    def _mentioning(
        self,
        step: Step,
        opening: int,
        text_of: Callable[[Node], str] = lambda node: _said(node),
        certain: Collection[int] = (),
    ) -> int | None:
        """Return the place of the node after `opening` whose text, `text_of` it, has most words of a step's name.

        Of several it is the first; but the last of those in `certain`: what is asked there first is said there last.
        The whole flow is about the goal's name: a step whose name has no other words is mentioned by all of them only.
        """
        words = _stems(step.name)
        wanted = words - _stems(self.goal.name)
        fewest = 1 if wanted else len(words)
        wanted = wanted or words
        counted = [
            (len(wanted & _stems(text_of(node))), place if place in certain else -1, -place)
            for place, node in enumerate(self.graph.nodes)
            if place != opening and place in self.before and self._dominates(opening, place)
            if isinstance(node, Say | Question) and self.graph.ops[place] not in _ENDS
        ]
        most, _, place = max(counted, default=(0, 0, 0))
        return -place if most and most >= fewest else None

    def _certain(self, opening: int) -> list[int]:
        """Return the places that every path from `opening` passes, in order."""
        place = self.graph.first if opening == _START else self.after.get(opening, self.graph.exit)
        certain = []
        while place < self.graph.exit:
            certain.append(place)
            place = self.after.get(place, self.graph.exit)
        return certain

    def _goes_on(self, place: int) -> bool:
        """Return whether every path through a node, and its branches, reaches what comes after it."""
        inside = walk_nodes((self.graph.nodes[place],))
        return not any(self.graph.ops[self.graph.place[node.id]] in _ENDS for node in inside)

    def _dominates(self, one: int, place: int) -> bool:
        while place > one:
            place = self.before[place]
        return place == one

    def _called(self, node: Node) -> str:
        text = " ".join(_said(node).split())
        if isinstance(node, TrackGoal) and node.goal_id == self.goal.id and not node.label:
            text = ", ".join(step.name for step in self.goal.steps if step.id in node.step_ids)
        return repr(node.label or (text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…") or title(node))

    def _common(self, one: int, other: int) -> int:
        return _meet(self.before, one, other)

    def _previous(self, place: int) -> int:
        return self.before.get(place, _START)


def _dominators(graph: FlowGraph) -> dict[int, int]:
    """Return the immediate dominator of each place that can be reached; all ways lead forward."""
    found: dict[int, int] = {graph.first: _START}
    for place in range(graph.exit):
        if place not in found or graph.ops[place] in _ENDS:
            continue
        for way in graph.ways[place]:
            found[way] = _meet(found, found[way], place) if way in found else place
    return found


def _post_dominators(graph: FlowGraph) -> dict[int, int]:
    """Return the immediate post-dominator of each place; `graph.exit` is every end of the conversation."""
    found: dict[int, int] = {}
    for place in reversed(range(graph.exit)):
        ways: Sequence[int] = (graph.exit,) if graph.ops[place] in _ENDS else graph.ways[place]
        found[place] = reduce(lambda one, other: _meet_after(found, one, other), ways)
    return found


def _meet(tree: Mapping[int, int], one: int, other: int) -> int:
    while one != other:
        if one > other:
            one = tree[one]
        else:
            other = tree[other]
    return one


def _meet_after(tree: Mapping[int, int], one: int, other: int) -> int:
    while one != other:
        if one < other:
            one = tree[one]
        else:
            other = tree[other]
    return one


def _said(node: Node) -> str:
    return node.text if isinstance(node, Say | Question) else node.label


def _saved_as(node: Node) -> str:
    return node.save_as if isinstance(node, Question) else ""


def _answers(node: Node) -> str:
    return " ".join(node.buttons) if isinstance(node, Question) else ""


def _branch(fork: Node, answer: str, save_as: str) -> int | None:
    """Return the branch of a node that is taken after an answer, which is saved as `save_as`; None for other nodes."""
    said = folded_answer(answer)
    if isinstance(fork, If) and fork.condition.of in ("", save_as) and fork.condition.is_complete:
        return 0 if compares(said, fork.condition.comparison, folded_answer(fork.condition.to)) else 1
    if isinstance(fork, Lookup) and fork.of in ("", save_as):
        cases = (place for place, each in enumerate(fork.branches) if each.kind == "case")
        return next((place for place in cases if folded_answer(fork.branches[place].value) == said), None)
    return None


def _stems(text: str) -> set[str]:
    """Return the stems of the words of a text that say what it is about."""
    letters = "".join(letter if letter.isalnum() else " " for letter in fold(text))
    return {_stem(word) for word in letters.split() if len(word) >= _SHORT and word not in _COMMON}


def _stem(word: str) -> str:
    """Return the beginning that the forms of a word share: pay for paid and payment, book for booked and booking."""
    word = _IRREGULAR.get(word, word)
    ending = next((each for each in _ENDINGS if word.endswith(each) and len(word) - len(each) >= _SHORT), "")
    stem = word.removesuffix(ending)
    if stem.endswith("i") and ending in ("ed", "es"):
        stem = f"{stem[:-1]}y"
    if len(stem) > _SHORT and stem[-1] == stem[-2]:
        stem = stem[:-1]
    return stem[:_ENOUGH]
