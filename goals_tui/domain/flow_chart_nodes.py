"""Conversion of single nodes of the original system's charts; a value that is missing or unknown becomes empty."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from goals_tui.domain.flow import (
    KIND_TITLES,
    Comparison,
    Condition,
    End,
    ExecuteFlow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Once,
    Other,
    Question,
    Say,
    TrackGoal,
)
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.text import clean_line

_COMPARISONS: dict[str, Comparison] = {
    **dict.fromkeys(("eq", "equals", "=", "==", "==="), "equals"),
    **dict.fromkeys(("neq", "ne", "notEquals", "not_equals", "!=", "!=="), "not_equals"),
    "contains": "contains",
    "exists": "exists",
}

_LAST_ANSWER = {"", "input.text", "ci.text", "input.result", "ci.result"}
"""The expressions that mean the last answer in scripts of the original system."""

_SAVED = re.compile(r"(?:context|cc|input|ci)\.([\w.]+)")

_MOST_LOOKED_AT = 2000
"""The most values read from a node's configuration, so that no node can take for ever."""


def node(source: Mapping[str, Any], node_id: str, locale: str = "") -> Node:
    """Return a node of a chart without its branches, with its texts in `locale` (an id) if it has several."""
    kind = str(source.get("type") or "")
    config = config_of(source, locale)
    made = _interpreted(kind, config, node_id)
    if made is None:
        content = {key: value for key, value in source.items() if key not in ("_id", "id", "type", "label")}
        made = Other(id=node_id, type=clean_line(kind), content=content)
    label = _label(source)
    plain_names = {KIND_TITLES[made.kind].casefold(), kind.casefold(), ""}
    return made if label.casefold() in plain_names else made.model_copy(update={"label": label})


def disabled(source: Mapping[str, Any], node_id: str) -> Node:
    """Return a disabled node as an Other node, which keeps its content and is skipped when the flow runs."""
    content = {key: value for key, value in source.items() if key not in ("_id", "id", "type", "label")}
    kind = clean_line(str(source.get("type") or "node"))[:MAX_NAME]
    return Other(id=node_id, type=f"{kind} (disabled)", label=_label(source), content=content)


def config_of(source: Mapping[str, Any], locale: str = "") -> Mapping[str, Any]:
    """Return the configuration of a node, or an empty mapping.

    It is under `config` in files of the command line tool, `localizedData` in packages and `preview` in API responses.
    The entry of `locale`, an id, goes before those of other locales.
    """
    localized = source.get("localizedData")
    entries = [entry for entry in localized if isinstance(entry, dict)] if isinstance(localized, list) else []
    entries.sort(key=lambda entry: entry.get("localeReference") != locale)
    found: list[object] = [source.get("config"), *(entry.get("config") for entry in entries), source.get("preview")]
    for config in [*found, *(entry.get("preview") for entry in entries)]:
        config = _unpacked(config)
        if isinstance(config, str) and config.strip():
            config = {"text": config, "operator": config, "condition": config, "value": config}
        if isinstance(config, dict) and config:
            return {**config, "say": _unpacked(config["say"])} if "say" in config else config
    return {}


def _unpacked(value: object) -> object:
    """Return a value parsed if it is the JSON text of an object, as some values in packages are."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            pass
    return value


def target_node(config: Mapping[str, Any]) -> str:
    """Return the reference id of the node that a Go To or Execute Flow leads to; empty if it names none."""
    return next(_ids(_find(config, "node", "nodeId", "nodeReference")), "")[:100]


def _label(source: Mapping[str, Any]) -> str:
    return clean_line(str(source.get("label") or ""))[:MAX_NAME]


def case_value(source: Mapping[str, Any], locale: str = "") -> str:
    """Return the value of a Lookup's case: the configured one, else its label."""
    value = _find(config_of(source, locale), "value", "case", "caseValue")
    text = value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
    return clean_line(text or str(source.get("label") or ""))


def _interpreted(kind: str, config: Mapping[str, Any], node_id: str) -> Node | None:
    match kind:
        case "say":
            text = _text(config)
            # Say holds only text: an image or a card is kept whole as Other.
            return Say(id=node_id, text=text) if text or not config else None
        case "question" | "optionalQuestion":
            return Question(id=node_id, text=_text(config), buttons=_buttons(config), save_as=_save_as(config))
        case "if":
            return If(id=node_id, condition=_condition(config), branches=())
        case "switch":
            operator = _find(config, "operator", "operand", "condition")
            return Lookup(id=node_id, of=_name(operator), branches=())
        case "once":
            return Once(id=node_id, branches=())
        case "goTo":
            return GoTo(id=node_id, flow_id=_flow(config), node_id=target_node(config))
        case "executeFlow":
            return ExecuteFlow(id=node_id, flow_id=_flow(config), node_id=target_node(config))
        case "handoverToAgent" | "handover":
            return Handover(
                id=node_id, text=_text(config) or _string(_find(config, "handoverText", "quote", "message"))
            )
        case "trackGoal":
            goal = _find(config, "goalId", "goal", "goalReferenceId", "selectedGoal", "goalReference")
            steps = _find(config, "stepIds", "steps", "goalSteps", "goalStepIds", "selectedSteps", "stepId", "step")
            return TrackGoal(id=node_id, goal_id=next(_ids(goal), ""), step_ids=tuple(dict.fromkeys(_ids(steps))))
        case "end":
            return End(id=node_id)
        case _:
            return None


def _values(config: object) -> Iterator[tuple[str, object]]:
    """Yield every key of a configuration with its value, outer ones first."""
    pending: list[object] = [config]
    for _ in range(_MOST_LOOKED_AT):
        if not pending:
            return
        at = pending.pop(0)
        if isinstance(at, dict):
            yield from at.items()
            pending.extend(at.values())
        elif isinstance(at, list):
            pending.extend(at)


def _find(config: object, *keys: str) -> object:
    """Return the first value under one of the keys that is not empty: earlier keys win, then outer values."""
    found: dict[str, object] = {}
    for key, value in _values(config):
        if key in keys and value not in (None, "", [], {}):
            found.setdefault(key, value)
    return next((found[key] for key in keys if key in found), None)


def _string(value: object) -> str:
    if isinstance(value, list):
        return next((item for item in value if isinstance(item, str) and item.strip()), "")
    return value if isinstance(value, str) else ""


def _text(config: Mapping[str, Any]) -> str:
    """Return the text of a node: the first of the alternatives, of which the original system picks one at random."""
    # Outside of `say` there may be other texts, such as the one for a wrong answer.
    said = config.get("say")
    for key, value in _values(said if isinstance(said, dict) else config):
        if key in ("text", "question") and _string(value).strip():
            return _string(value)
    return said if isinstance(said, str) else ""


def _buttons(config: Mapping[str, Any]) -> tuple[str, ...]:
    for key, value in _values(config):
        if key in ("quickReplies", "buttons") and isinstance(value, list):
            titles = [item.get("title") or item.get("label") if isinstance(item, dict) else item for item in value]
            names = [clean_line(title)[:MAX_NAME] for title in titles if isinstance(title, str)]
            if kept := tuple(dict.fromkeys(name for name in names if name)):
                return kept
    return ()


def _save_as(config: Mapping[str, Any]) -> str:
    name = _name(_find(config, "saveAs", "contextKey", "resultLocation"))
    return name[:MAX_NAME]


def _condition(config: Mapping[str, Any]) -> Condition:
    rule = _find(config, "rule")
    kind = _find(config, "type")
    script = config.get("condition")
    if isinstance(script, dict):
        script = script.get("condition")
    if isinstance(rule, dict) and (kind == "rule" or not isinstance(script, str)):
        comparison = _COMPARISONS.get(str(rule.get("operand") or rule.get("operator") or ""))
        if comparison is not None:
            return Condition(of=_name(rule.get("left")), comparison=comparison, to=_operand(rule.get("right")))
        script = f"{rule.get('left')} {rule.get('operand')} {rule.get('right')}"
    # Scripts are not interpreted: the script becomes the name of the value, so that the designer sees and replaces it.
    return Condition(of=clean_line(_string(script)), comparison="exists")


def _name(value: object) -> str:
    """Return the name of the saved value in a script such as {{context.flight}}; empty for the last answer."""
    text = clean_line(_string(value)).removeprefix("{{").removesuffix("}}").strip()
    if text in _LAST_ANSWER:
        return ""
    saved = _SAVED.fullmatch(text)
    return saved[1] if saved else text


def _operand(value: object) -> str:
    return clean_line(value if isinstance(value, str) else "" if value is None else str(value))


def _flow(config: Mapping[str, Any]) -> str:
    target = _find(config, "flowId", "flow", "flowReferenceId", "flowReference", "targetFlow", "flowNode")
    return next(_ids(target), "")


def _ids(value: object) -> Iterator[str]:
    """Yield the ids in a value: an id, an object that has one, or a list of either."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item.strip():
            yield clean_line(item)
        elif isinstance(item, dict):
            found = _find(item, "_id", "id", "goalStepId", "stepId", "goalId", "flow", "flowId", "referenceId", "value")
            if isinstance(found, str):
                yield clean_line(found)
