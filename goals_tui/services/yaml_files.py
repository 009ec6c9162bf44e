"""Reading of YAML files that people write, node by node, so that a mistake is reported with its line and column.

Values are read as text, exactly as they were written. Anchors and tags are refused, so that a small file can't expand
into a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from goals_tui.domain.errors import RefusedError, UnreadableError, nearest_names

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import Node

Value = TypeVar("Value")

MAX_BYTES = 16 << 20
"""Maximum size of a file; 10,000 goals take less."""

_TAGS = "tag:yaml.org,2002:"


class Place(NamedTuple):
    """A place in a file; line and column count from 1."""

    line: int
    column: int


class NotYamlError(Exception):
    """The text is not YAML; `at` is the place of the error, or None if that is not known."""

    def __init__(self, what: str, at: Place | None) -> None:
        super().__init__(what)
        self.at = at


def text_of(path: Path) -> str:
    """Return the text of a file of at most MAX_BYTES in UTF-8. Raises UnreadableError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UnreadableError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}.") from error
    if len(content) > MAX_BYTES:
        raise UnreadableError(f"{path} is larger than {MAX_BYTES >> 20} MB. Split it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None


def compose(text: str) -> Node | None:
    """Return the root node of a text, None for an empty one. Raises NotYamlError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        root: Node | None = YAML(typ="rt", pure=True).compose(text)
    except (YAMLError, ValueError, OverflowError, RecursionError, AttributeError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or "it can't be understood"
        raise NotYamlError(what, None if mark is None else Place(mark.line + 1, mark.column + 1)) from None
    return root


def round_trip() -> YAML:
    """Return a YAML reader and writer that keeps comments, order and quotes; every value is text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.resolver import VersionedResolver

    class AllText(VersionedResolver):
        """Keeps every value as the text that was written: 15.00 stays 15.00, and ids of digits keep their zeros."""

        @property
        def versioned_resolver(self) -> dict[str, Any]:
            return {}

    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = AllText
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    yaml.preserve_quotes = True
    return yaml


def is_mapping(node: Any) -> bool:
    """Return whether a node is a mapping."""
    from ruamel.yaml.nodes import MappingNode

    return isinstance(node, MappingNode)


def place(node: Node) -> Place:
    """Return the place where a node begins."""
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


class NodeReader:
    """Reads the nodes of one file. Every method raises UnreadableError with the place of the mistake."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def root(self, text: str, keys: Sequence[str], what: str) -> dict[str, Node]:
        """Return the values of the file's top-level keys; `what` describes the file in messages."""
        try:
            node = compose(text)
        except NotYamlError as error:
            if error.at is None:
                raise UnreadableError(f"{self.path} is not YAML: {error}. Correct it.") from None
            self.refuse(error.at, f"this is not YAML: {error}.")
        if node is None:
            raise UnreadableError(f"{self.path} is empty. It should begin with `{keys[0]}:`.")
        return self.fields(node, keys, what)

    def fields(self, node: Node, known: Sequence[str], what: str) -> dict[str, Node]:
        """Return the values of a mapping by key. Unknown and repeated keys are refused."""
        self._check_plain(node)
        if not is_mapping(node):
            self.refuse(place(node), f"{what} is written as lines of `key: value`, with {', '.join(known)}.")
        found: dict[str, Node] = {}
        for key, value in node.value:
            self._check_plain(key)
            name = key.value if isinstance(key.value, str) else ""
            if name not in known:
                near = nearest_names(name, known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}."
                self.refuse(place(key), f"{what} has no {name!r}. {hint}")
            if name in found:
                self.refuse(place(key), f"{name!r} stands twice. Keep one of them.")
            found[name] = value
        return found

    def items(self, node: Node | None, what: str) -> list[Node]:
        """Return the items of a list, none where the value is missing or empty."""
        if node is None or _is_nothing(node):
            return []
        self._check_plain(node)
        if not isinstance(node.value, list) or is_mapping(node):
            self.refuse(place(node), f"{what} is a list: begin each of them with `- `.")
        return list(node.value)

    def text(self, node: Node | None) -> str:
        """Return a single value as it was written, empty where it is missing."""
        if node is None or _is_nothing(node):
            return ""
        self._check_plain(node)
        if not isinstance(node.value, str):
            self.refuse(place(node), "this should be a single value.")
        return node.value

    def name(self, node: Node, fields: Mapping[str, Node], key: str = "name") -> str:
        """Return a required value, without surrounding spaces."""
        found = self.text(fields.get(key)).strip()
        if not found:
            self.refuse(place(node), f"there is no {key} here. Add `{key}: ...`.")
        return found

    def value(self, node: Node | None, read: Callable[[str], Value], otherwise: Value) -> Value:
        """Return a single value converted by `read`, or `otherwise` where it is missing."""
        text = self.text(node)
        if node is None or not text.strip():
            return otherwise
        try:
            return read(text)
        except RefusedError as error:
            self.refuse(place(node), str(error))

    def check_once(self, what: str, named: Iterable[tuple[str, Place]]) -> None:
        """Refuse values that are repeated; empty ones may be."""
        seen: dict[str, Place] = {}
        for value, at in named:
            if value and value in seen:
                self.refuse(at, f"this {what} stands in line {seen[value].line} already: {value!r}. Keep one of them.")
            seen[value] = at

    def refuse(self, at: Place, why: str) -> NoReturn:
        """Raise UnreadableError with the file, the place and the reason."""
        raise UnreadableError(f"{self.path}, line {at.line}, column {at.column}: {why}")

    def _check_plain(self, node: Node) -> None:
        if node.anchor:
            self.refuse(place(node), "this is an anchor (&), which may be used twice. Write the values out.")
        if not str(node.tag).startswith(_TAGS):
            self.refuse(place(node), "this is a tag (!). Write the value alone.")


def _is_nothing(node: Node) -> bool:
    return str(node.tag) == f"{_TAGS}null"
