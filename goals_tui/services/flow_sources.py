"""Sources of flows to import: single files, folders written by the original's command line tool, and its packages."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from goals_tui.domain import flow_chart_file
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.flow_chart_file import KINDS, Origin, charts_of_package
from goals_tui.domain.text import clean_line
from goals_tui.services.imports.files import not_json
from goals_tui.services.imports.result import Broken
from goals_tui.services.imports.table import UnusableError
from goals_tui.store.twice import key_twice

LARGEST = 64 * 1024 * 1024
"""Maximum size of a flow file in bytes."""

CHART, CONFIG, INDEX, LOCALES, OUR_MANIFEST = "chart.json", "config.json", "index.json", "locales.json", "manifest.json"

_WANTED = (
    "Give a flow's JSON file, a chart.json, a folder that the original's command line tool wrote, or a package of it."
)


@dataclass(frozen=True)
class _File:
    """A file on disk or in an archive.

    `name` is its name in messages, `named` whether the user gave it by itself; `reader` reads files of the same disk or
    archive.
    """

    path: PurePath
    name: str
    named: bool
    reader: Callable[[PurePath], bytes | None]

    def content(self) -> Any:
        """Return its parsed JSON. Raises UnusableError."""
        data = self.reader(self.path)
        if data is None:
            raise UnusableError("there is no such file")
        try:
            content = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise UnusableError(f"{not_json(data)}") from None
        twice = key_twice(data, content)
        if twice:
            raise UnusableError(clean_line(twice))
        return content

    def beside(self, name: str, *, up: int) -> Any:
        """Return the parsed JSON of a file in the same folder or up to `up` folders above, or None."""
        for folder in [self.path.parent, *self.path.parent.parents][: up + 1]:
            try:
                data = self.reader(folder / name)
                if data is not None:
                    return json.loads(data.decode("utf-8-sig"))
            except (UnusableError, ValueError, RecursionError):
                continue
        return None


@dataclass(frozen=True)
class FoundFlow:
    """The content of a flow file, and its origin."""

    file: str
    named: bool
    origin: Origin
    content: Any
    other_locales: tuple[str, ...] = ()


def find_flows(path: Path, broken: Broken) -> list[FoundFlow]:
    """Return the flows of a file, a folder or a package. Raises GoalsError where there are none."""
    if not path.exists():
        raise UnreadableError(f"{path} can't be read: No such file or directory. {_WANTED}")
    if path.is_dir():
        try:
            inside = sorted(file for file in path.rglob("*") if file.is_file())
        except OSError as error:
            raise UnreadableError(f"{path} can't be read: {error.strerror}.") from None
        files = [_File(file.absolute(), str(file.relative_to(path)), False, _from_disk) for file in inside]
        found = _of_tree(files, broken)
    elif _is_zip(path):
        found = _of_archive(path, broken)
    else:
        file = _File(path.absolute(), str(path), True, _from_disk)
        try:
            content = file.content()
        except UnusableError as error:
            raise UnreadableError(f"{path} can't be imported: {error}. {_WANTED}") from None
        if flow_chart_file.is_flow(content) or path.name != CONFIG:
            return [_chart(file, content)]
        raise RefusedError(f"{path} describes a flow, whose nodes stand in {CHART}. Give that, or the folder.")
    if not found and not broken.total:
        raise RefusedError(f"There is no flow in {path}. {_WANTED}")
    return found


def _of_archive(path: Path, broken: Broken) -> list[FoundFlow]:
    from goals_tui.store.package_file import files_of, open_archive, read_file

    with open_archive(path) as archive:
        try:
            entries = {PurePath(name): entry for name, entry in files_of(archive).items()}
        except RefusedError as error:
            raise RefusedError(f"{path} can't be imported: {error}") from None

        def read(name: PurePath) -> bytes | None:
            try:
                return read_file(archive, str(name), entries[name], LARGEST) if name in entries else None
            except RefusedError as error:
                raise UnusableError(str(error).removesuffix(".")) from None

        files = [_File(name, f"{path.name}, {name}", False, read) for name in entries]
        if any(file.path.name == OUR_MANIFEST for file in files) and not any(map(_is_index, files)):
            raise RefusedError(f"{path} is a package of goals-tui. Import it with: goals-tui package import {path}")
        return _of_tree(files, broken)


def _of_tree(files: Sequence[_File], broken: Broken) -> list[FoundFlow]:
    """Return the flows among files of one tree: packages, charts by flow and locale, and single files."""
    found: list[FoundFlow] = []
    roots = [file.path.parent for file in files if _is_index(file)]
    packed = {root: [file for file in files if root in file.path.parents] for root in roots}
    in_packages = {file.path for inside in packed.values() for file in inside}
    for root, inside in packed.items():
        found += _of_package(root, inside, broken)
    loose = [file for file in files if file.path.suffix.lower() == ".json" and file.path not in in_packages]
    by_flow: dict[PurePath, list[tuple[_File, Any]]] = {}
    for file in loose:
        try:
            content = file.content()
        except UnusableError as error:
            # Other JSON files need not be flows, so they are passed over in silence.
            if file.path.name == CHART:
                broken.add(file.name, None, str(error))
            continue
        if flow_chart_file.is_flow(content):
            flow = file.path.parent.parent
            in_locales = file.path.name == CHART and file.reader(flow / CONFIG) is not None
            by_flow.setdefault(flow if in_locales else file.path, []).append((file, content))
        elif file.path.name == CHART:
            broken.add(file.name, None, "it is not a chart: it has no relations")
    for of_flow in by_flow.values():
        file, content = _primary(of_flow)
        others = tuple(other.path.parent.name for other, _ in of_flow if other is not file)
        found.append(replace(_chart(file, content), other_locales=others))
    return found


def _primary(of_flow: Sequence[tuple[_File, Any]]) -> tuple[_File, Any]:
    """Return a flow's chart in the primary locale, else the first by name."""
    locales = of_flow[0][0].beside(LOCALES, up=3)
    primary = (
        [one.get("name") for one in locales if isinstance(one, dict) and one.get("primary") is True]
        if isinstance(locales, list)
        else []
    )
    return next((one for one in of_flow if one[0].path.parent.name in primary), of_flow[0])


def _chart(file: _File, content: Any) -> FoundFlow:
    """Return the flow of a file, with its origin from the configuration that the original's tool writes beside it."""
    origin = Origin(_name_from(file.path))
    if flow_chart_file.is_chart(content):
        config = file.beside(CONFIG, up=1)
        if isinstance(config, dict) and config.get("referenceId"):
            origin = Origin(
                name=str(config.get("name") or origin.name),
                id=str(config.get("_id") or ""),
                reference=str(config["referenceId"]),
                created_at=config.get("createdAt"),
            )
    return FoundFlow(file.name, file.named, origin, content)


def _of_package(root: PurePath, files: Iterable[_File], broken: Broken) -> list[FoundFlow]:
    resources: dict[str, dict[str, Mapping[str, Any]]] = {kind: {} for kind in KINDS}
    for file in files:
        kind = file.path.parent.name
        if file.path.parent.parent != root or kind not in KINDS:
            continue
        try:
            content = file.content()
        except UnusableError as error:
            broken.add(file.name, None, str(error))
            continue
        if isinstance(content, dict):
            resources[kind][str(content.get("_id") or file.path.stem)] = content
    charts = []
    for origin, chart in charts_of_package(resources):
        where = f"{root.name or 'the package'}, flow {origin.name}" if root.name else f"flow {origin.name}"
        if chart is None:
            broken.add(where, None, "its chart is not in the package")
        else:
            charts.append(FoundFlow(where, False, origin, chart))
    return charts


def _is_index(file: _File) -> bool:
    """Return whether a file is the index of a package of the original system."""
    if file.path.name != INDEX:
        return False
    try:
        content = file.content()
    except UnusableError:
        return False
    return isinstance(content, dict) and (content.get("type") == "package" or "cognigyVersion" in content)


def _is_zip(path: Path) -> bool:
    try:
        return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)
    except OSError:
        return False


def _name_from(path: PurePath) -> str:
    # The original tool writes flows/NAME/LOCALE/chart.json.
    if path.stem == "chart" and len(path.parents) > 1 and path.parents[1].name:
        return path.parents[1].name
    return path.stem


def _from_disk(path: PurePath) -> bytes | None:
    """Return the content of a file, None where it does not exist. Raises UnusableError."""
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST:
            raise UnusableError(f"it is larger than {LARGEST >> 20} MB, and no flow is")
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableError(f"it can't be read: {error.strerror}") from None
