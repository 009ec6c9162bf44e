"""Shell completion (`goals-tui --install-completion`), fast enough to answer a key press.

The shell scripts are typer's, but their requests are answered here, without typer: building the whole tree of commands
takes longer than a key press may. completions.json holds that tree; `python -m tests.completions` writes it.
"""

from __future__ import annotations

# Each import delays the answer, so typing and pathlib are left out.
import json
import os
import re
import shlex
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

VARIABLE = "_GOALS_TUI_COMPLETE"
"""The environment variable that the shell script sets to complete_bash, complete_zsh or complete_fish."""

TREE = os.path.join(os.path.dirname(__file__), "completions.json")  # noqa: PTH118, PTH120  # importing pathlib takes long for a key

_SHELLS = ("complete_bash", "complete_zsh", "complete_fish")
_SPECIAL = re.compile(r"([^\w@%+=:,./-])")


def answers(env: Mapping[str, str]) -> bool:
    """Return whether this module answers the shell's request; other shells are left to typer."""
    return env.get(VARIABLE) in _SHELLS


def answer(env: Mapping[str, str]) -> int:
    """Print the completions at the cursor and return the exit code."""
    shell = env[VARIABLE]
    if shell == "complete_bash":
        words = env.get("COMP_WORDS", "").split("\n")
        number = int(env.get("COMP_CWORD") or 0)
        before, begun = words[1:number], "".join(words[number : number + 1])
        _print("\n".join(_quoted(each, begun) for each in candidates([_plain(each) for each in before], _plain(begun))))
        return 0
    line = env.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(line)
    before, begun = (words[1:], "") if not words or line.endswith(" ") else (words[1:-1], words[-1])
    found = candidates(before, begun)
    if shell == "complete_zsh":
        listed = "\n".join(f'"{_for_zsh(each)}"' for each in found)
        _print(f"_arguments '*: :(({listed}))'" if found else "_files")
        return 0
    if env.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if found else 1
    _print("\n".join(found))
    return 0


def candidates(before: Sequence[str], begun: str) -> list[str]:
    """Return the completions of `begun` after the words `before`; empty where the name of a file is expected."""
    with open(TREE, encoding="utf-8") as file:  # noqa: PTH123  # as above
        tree: dict[str, Any] = json.load(file)
    node, workspace, option = tree, None, ""
    arguments: list[str] = []
    for word in _joined(before):
        if option:
            if option == "--workspace":
                workspace = word
            option = ""
        elif word.startswith("-"):
            name, given, value = word.partition("=")
            if name == "--workspace" and given:
                workspace = value
            takes = _kind(tree, node, name)
            option = name if takes and not value else ""
        elif word in node["commands"]:
            node, arguments = node["commands"][word], []
        else:
            arguments.append(word)
    if option and begun == "=":
        begun = ""
    if not option and begun.startswith("-") and "=" in begun:
        option, _, begun = begun.partition("=")
        return [f"{option}={each}" for each in _values(_kind(tree, node, option), workspace, begun)]
    if option:
        return _values(_kind(tree, node, option), workspace, begun)
    if begun.startswith("-"):
        return _beginning(sorted({*node["options"], *tree["options"]}), begun)
    kinds = node["arguments"]
    if kinds:
        place = min(len(arguments), len(kinds) - 1)
        return _values(kinds[place], workspace, begun) if place == len(arguments) or kinds[-1].endswith("...") else []
    return _beginning(sorted(node["commands"]), begun)


def _kind(tree: Mapping[str, Any], node: Mapping[str, Any], option: str) -> str:
    return str(node["options"].get(option) or tree["options"].get(option) or "")


def _values(kind: str, workspace: str | None, begun: str) -> list[str]:
    """Return the values of a kind: those that it lists (`a|b`), or names from the workspace."""
    kind = kind.removesuffix("...")
    if "|" in kind:
        return _beginning(kind.split("|"), begun)
    from goals_tui.services.completion_names import TABLES, default_workspace, names

    if kind not in TABLES:
        return []
    return _beginning(names(kind, workspace or str(default_workspace())), begun)


def _beginning(known: Sequence[str], begun: str) -> list[str]:
    return [each for each in known if each.casefold().startswith(begun.casefold())]


def _joined(words: Sequence[str]) -> list[str]:
    """Return words as they were typed: bash splits `--option=value` at the equals sign."""
    found: list[str] = []
    for word in words:
        if word == "=" and found:
            found[-1] += "="
        elif found and found[-1].startswith("--") and found[-1].endswith("="):
            found[-1] += word
        else:
            found.append(word)
    return found


def _split(line: str) -> list[str]:
    """Return the words of a line, the last of which may have an open quotation mark."""
    for closing in ("", '"', "'"):
        try:
            return shlex.split(line + closing)
        except ValueError:
            continue
    return line.split()


def _plain(word: str) -> str:
    """Return a word of bash without its quotation marks and backslashes."""
    found = _split(word)
    return found[0] if found else ""


def _quoted(text: str, begun: str) -> str:
    """Return a word for bash, quoted in the way in which the user began it."""
    if begun[:1] in ('"', "'"):
        return f"{begun[0]}{text}{begun[0]}"
    return _SPECIAL.sub(r"\\\1", text)


def _for_zsh(text: str) -> str:
    for letter, written in (('"', '""'), ("'", "''"), ("$", "\\$"), ("`", "\\`"), (":", "\\\\:")):
        text = text.replace(letter, written)
    return text


def _print(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n" if text else "")
        sys.stdout.flush()
    except OSError:
        # The shell has gone, so there is nobody to tell.
        os._exit(0)
