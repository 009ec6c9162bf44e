"""The goals of a workspace by id, each one made into a model when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from goals_tui.domain.goal import Goal


class GoalsById(Mapping[str, Goal]):
    """All goals as they are stored now: cheap to take, however many there are, and it does not change afterwards."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], parse: Callable[[Mapping[str, Any]], Goal]) -> None:
        self._documents = documents
        self._parse = parse

    def __getitem__(self, goal_id: str) -> Goal:
        return self._parse(self._documents[goal_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, goal_id: object) -> bool:
        return goal_id in self._documents

    def __eq__(self, other: object) -> bool:
        """As the documents are: comparing the goals would make a model of each."""
        return isinstance(other, GoalsById) and self._documents == other._documents
