"""What simulated users answer: looks ahead in the flows for the values that make a difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from random import Random
from typing import NamedTuple

from goals_tui.domain.flow import Flow, If, Lookup, Node, Question
from goals_tui.domain.words import fold

ANYTHING = "something else"
"""An answer that no condition asks for: it leads to Else and Default."""

_FIRST, _FURTHER, _ANYTHING = 3.0, 1.0, 0.5
"""How often the first value that matters is answered, each further one, and none of them."""


class Answers(NamedTuple):
    """The answers to a question, with running totals of their weights."""

    texts: tuple[str, ...]
    totals: tuple[float, ...]

    def choose(self, random: Random) -> str:
        """One of them, by weight."""
        if len(self.texts) == 1:
            return self.texts[0]
        return random.choices(self.texts, cum_weights=self.totals)[0]


def answers_of(flows: Iterable[Flow], weights: Mapping[str, float]) -> dict[str, Answers]:
    """For each question, by its id: the buttons, else the values that conditions and cases compare with.

    `weights` overrule how often a text is answered, upper and lower case alike; 0 is never.
    """
    told = {fold(text.strip()): weight for text, weight in weights.items()}
    flows = list(flows)
    by_name: dict[str, list[str]] = {}
    for flow in flows:
        for node in flow.walk():
            for of, value in _compared(node):
                by_name.setdefault(of, []).append(value)
    found = {}
    for flow in flows:
        nodes = list(flow.walk())
        for place, node in enumerate(nodes):
            if isinstance(node, Question):
                values = [
                    *_until_next_question(nodes[place + 1 :]),
                    *(by_name.get(node.save_as, ()) if node.save_as else ()),
                ]
                found[node.id] = _weighted(node, values, told)
    return found


def _until_next_question(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Question):
            return
        yield from (value for of, value in _compared(node) if not of)


def _compared(node: Node) -> Iterator[tuple[str, str]]:
    """What a node compares, as (the name of the saved value, what with)."""
    if isinstance(node, If):
        # Where it only matters that there is an answer, no answer is the value that makes a difference.
        yield node.condition.of, "" if node.condition.comparison == "exists" else node.condition.to
    elif isinstance(node, Lookup):
        yield from ((node.of, branch.value) for branch in node.branches if branch.kind == "case")


def _weighted(question: Question, values: Iterable[str], told: Mapping[str, float]) -> Answers:
    texts = list(dict.fromkeys(question.buttons or values))
    weights = [_FIRST, *[_FURTHER] * (len(texts) - 1)] if texts else []
    if not question.buttons:
        texts.append(ANYTHING)
        weights.append(_ANYTHING)
    weights = [told.get(fold(text.strip()), weight) for text, weight in zip(texts, weights, strict=True)]
    if sum(weights) <= 0:
        weights = [1.0] * len(texts)
    return Answers(tuple(texts), tuple(accumulate(weights)))
