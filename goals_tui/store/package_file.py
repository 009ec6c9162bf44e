"""Reading and writing of packages: written whole or not at all, and never trusted when read."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import orjson
from pydantic import ValidationError

from goals_tui.domain.errors import GoalsError, RefusedError, UnreadableError
from goals_tui.domain.model import reason
from goals_tui.domain.package import DOCUMENTS, EVENTS, FORMAT, FORMAT_VERSION, MANIFEST, Manifest, PackagedFile
from goals_tui.domain.text import clean_line
from goals_tui.store.atomic import refusal, user_file
from goals_tui.store.twice import key_twice

MOST_DOCUMENT_BYTES = 128 * 1024 * 1024
"""The maximum size of a JSON file in a package; it is held in memory."""

MOST_EVENT_BYTES = 4 * 1024 * 1024 * 1024
"""The maximum size of the file of events; it is read line by line."""

MOST_LINE_BYTES = 1024 * 1024
HIGHEST_RATIO = 250
"""The maximum compression ratio of a large file. Files of goals-tui have ratios of 10 to 60."""

LARGE = 16 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1


def write_package(
    path: Path,
    manifest: Callable[[Mapping[str, PackagedFile]], Manifest],
    documents: Mapping[str, list[Any]],
    events: Iterable[bytes] | None,
) -> int:
    """Write a package and return its size in bytes.

    `documents` are written as JSON lists and `events` as lines; `manifest` makes the manifest from their checksums,
    which is written last. Equal content gives equal bytes. An existing file is replaced atomically at the end.
    Raises UnreadableError.
    """
    with user_file(path) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            files: dict[str, PackagedFile] = {}
            for name, content in documents.items():
                data = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
                files[name] = _write(archive, name, [data])
            if events is not None:
                files[EVENTS] = _write(archive, EVENTS, events)
            proof = manifest(files).model_dump(mode="json")
            _write(archive, MANIFEST, [orjson.dumps(proof, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)])
        return file.stat().st_size


def _write(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> PackagedFile:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=name == EVENTS) as entry:
        for chunk in chunks:
            entry.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return PackagedFile(sha256=digest.hexdigest(), bytes=size)


def files_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive by name, without folders and files of file managers (`__MACOSX`, `.DS_Store`).

    Raises RefusedError for entries that no package has: links, encrypted files, repeated names, other compressions.
    """
    files: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename.removeprefix("./")
        *folders, last = name.split("/")
        if not last or last in _LITTER or last.startswith("._") or "__MACOSX" in folders:
            continue
        if name in files:
            raise RefusedError(f"it holds {name} twice.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise RefusedError(f"{name} is a link.")
        if entry.flag_bits & _ENCRYPTED:
            raise RefusedError(f"{name} is encrypted.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedError(f"{name} is packed in a way that packages are not.")
        files[name] = entry
    return files


_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def _without_folder_around(files: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the files as if at the top of the archive, if a common folder holds them all."""
    around = {name.partition("/")[0] for name in files if "/" in name}
    if len(around) != 1 or not all("/" in name for name in files):
        return files
    return _without_folder_around({name.partition("/")[2]: entry for name, entry in files.items()})


def _check_size(name: str, entry: zipfile.ZipInfo, limit: int) -> None:
    if entry.file_size > limit:
        raise RefusedError(f"{name} is larger than {limit // 1024**2} MiB.")
    if entry.file_size > LARGE and entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1):
        raise RefusedError(f"{name} would grow to {entry.file_size // 1024**2} MiB out of almost nothing.")


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open an archive. Raises UnreadableError if it is not a readable ZIP file."""
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise refusal("read", path, error) from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableError(f"{path} is not a package: it is not a complete ZIP file ({error}).") from error


def read_file(archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """Return the content of a file, at most `limit` bytes. Raises RefusedError if it is damaged or too large."""
    _check_size(name, entry, limit)
    try:
        return archive.read(entry)
    except _DAMAGE as error:
        raise RefusedError(f"{name} is damaged ({error}).") from None


_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError)


class PackageReader:
    """A package opened for reading, to be used in a `with` statement. All content is checked before it is returned.

    Raises UnreadableError if it is not a readable ZIP file, RefusedError if its content is wrong.
    """

    def __init__(self, path: Path) -> None:
        self._archive = open_archive(path)
        try:
            self._entries = self._checked_entries()
            self.manifest = self._checked_manifest()
        except GoalsError:
            self._archive.close()
            raise

    def __enter__(self) -> PackageReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    @property
    def has_events(self) -> bool:
        """True if the package contains events."""
        return EVENTS in self.manifest.files

    def document(self, name: str) -> list[dict[str, Any]]:
        """Return the content of a JSON file: a list of objects."""
        content = self._json(name, b"".join(self._chunks(name, self.manifest.files[name])))
        if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
            self._refuse(f"{name} is not a list of objects")
        return content

    def event_lines(self) -> Iterator[bytes]:
        """Iterate over the lines of events. The checksum is verified only after the last line."""
        rest = b""
        for chunk in self._chunks(EVENTS, self.manifest.files[EVENTS]):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > MOST_LINE_BYTES:
                self._refuse(f"{EVENTS} has a line of more than {MOST_LINE_BYTES // 1024} KiB")
            yield from lines
        if rest:
            yield rest

    def _checked_entries(self) -> dict[str, zipfile.ZipInfo]:
        entries = _without_folder_around(files_of(self._archive))
        for name, entry in entries.items():
            if name not in (MANIFEST, *DOCUMENTS, EVENTS):
                self._refuse(f"it holds {name[:80]!r}, which is not part of a package")
            _check_size(name, entry, MOST_EVENT_BYTES if name == EVENTS else MOST_DOCUMENT_BYTES)
        for name in (MANIFEST, *DOCUMENTS):
            if name not in entries:
                self._refuse(f"it has no {name}")
        return entries

    def _checked_manifest(self) -> Manifest:
        content = self._json(MANIFEST, b"".join(self._chunks(MANIFEST, None)))
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            self._refuse("its manifest.json is not that of a package")
        version = content.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            self._refuse(f"its format is {version}, and this goals-tui reads {FORMAT_VERSION}. Update goals-tui")
        try:
            manifest = Manifest.model_validate(content)
        except ValidationError as error:
            self._refuse(f"manifest.json, {reason(error)}")
        if set(manifest.files) != set(self._entries) - {MANIFEST}:
            self._refuse("its manifest.json names other files than it holds")
        return manifest

    def _chunks(self, name: str, proof: PackagedFile | None) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        try:
            with self._archive.open(self._entries[name]) as entry:
                # ZipFile reads at most the size that was checked above.
                while chunk := entry.read(1 << 20):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
        except _DAMAGE as error:
            self._refuse(f"{name} is damaged ({error})")
        if proof is not None and (digest.hexdigest() != proof.sha256 or size != proof.bytes):
            self._refuse(f"{name} is not as manifest.json says (checksum)")

    def _json(self, name: str, data: bytes) -> Any:
        try:
            content = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            self._refuse(f"{name} is not JSON ({error})")
        twice = key_twice(data, content)
        if twice:
            self._refuse(f"{name} is ambiguous: {clean_line(twice)}")
        return content

    def _refuse(self, why: str) -> NoReturn:
        raise RefusedError(f"{why}.")
