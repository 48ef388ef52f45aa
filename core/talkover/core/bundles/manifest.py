"""``manifest.json``: what a bundle holds, where it came from, and the id that follows from it.

The id is the sha256 of what makes the bundle behave as it does: its parts, and the path, size and
sha256 of each file. When it was made, by which run and with which results does not change it, so
the same weights are the same bundle wherever and whenever they are built.
"""

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from talkover.core.errors import BundleError
from talkover.core.weights.catalog import Role
from talkover.core.weights.disk import sha256_of_all

MANIFEST: Final = "manifest.json"
MAX_MANIFEST: Final = 1 << 20
"""Bytes of a manifest, at most."""
MAX_FILES: Final = 256
MAX_FILE: Final = 8 << 30
"""Bytes of one file, at most."""
MAX_BYTES: Final = 16 << 30
"""Bytes of all files, at most."""
SHORT: Final = 12
"""Characters of an id that people are shown."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_PATH: Final = re.compile(rf"{_NAME}(/{_NAME}){{1,3}}")
"""Relative, inside a part's folder, no hidden files, no dots that lead out, no backslashes."""
_STEP: Final = r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,99}"
_RUN: Final = rf"^{_STEP}(/{_STEP}){{0,3}}$"
"""A run's name, perhaps with a stage: readers may look for a folder of that name."""
_SCHEMAS: Final = (1, 2)
"""That can be read. 2 added ``data`` and took the signature out into a file of its own."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FileEntry(_Strict):
    """One file of a bundle."""

    sha256: Sha256
    bytes: int = Field(ge=0, le=MAX_FILE)


class PartEntry(_Strict):
    """One part: its folder, and what whoever loads it must know before opening a file.

    ``variant`` is free to the part: the listener's says which window its weights were made for.
    """

    folder: str = Field(pattern=f"^{_NAME}$")
    variant: dict[str, JsonValue] = {}


class Licence(_Strict):
    """The terms of a part's weights and where they were published."""

    spdx: str = Field(max_length=100)
    origin: str = Field(max_length=300)
    note: str = Field("", max_length=300)


class Manifest(_Strict):
    """A bundle's manifest.

    Attributes:
        schema_version: Of this format; the id does not depend on it.
        id: sha256 of the canonical form of ``parts`` and ``files``.
        created: When it was made.
        parent: The id of the bundle that it was trained from; None for base weights.
        run: The training run that made it; None for base weights.
        data: What that run learned from, by the id of its data; None for base weights.
        parts: Role to part.
        files: Every file but the manifest, by relative path with forward slashes.
        metrics: What was measured on it, by name.
        licences: Of the weights, by role.
    """

    schema_version: Literal[1, 2] = 2
    id: Sha256
    created: AwareDatetime
    parent: Sha256 | None = None
    run: str | None = Field(None, max_length=200, pattern=_RUN)
    data: str | None = Field(None, max_length=200)
    parts: dict[Role, PartEntry] = Field(min_length=1)
    files: dict[str, FileEntry] = Field(min_length=1, max_length=MAX_FILES)
    metrics: dict[str, float] = Field({}, max_length=200)
    licences: dict[Role, Licence] = {}

    @property
    def short(self) -> str:
        """The id as people are shown it."""
        return self.id[:SHORT]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files.values())

    @model_validator(mode="before")
    @classmethod
    def _without_the_place_for_a_signature(cls, raw: Any) -> Any:
        """Schema 1 kept an empty place for one; no bundle ever had it filled."""
        if isinstance(raw, dict) and raw.get("schema_version") == 1 and "signature" in raw:
            return {key: value for key, value in raw.items() if (key, value) != ("signature", None)}
        return raw

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for path in self.files:
            if not _PATH.fullmatch(path):
                raise ValueError(f"the path {path!r} does not stay inside the bundle")
        folders = {folder for path in self.files for folder in _above(path)}
        places = self.files.keys() | folders
        if len({path.casefold() for path in places}) != len(places):
            raise ValueError("two paths differ only in case")
        if self.files.keys() & folders:
            raise ValueError("a path is both a file and a folder")
        if self.bytes > MAX_BYTES:
            raise ValueError(f"the files have more than {MAX_BYTES} bytes together")
        used = {part.folder for part in self.parts.values()}
        if len(used) != len(self.parts):
            raise ValueError("two parts share a folder")
        found = {path.partition("/")[0] for path in self.files}
        if used != found:
            raise ValueError("the parts' folders and the files' folders are not the same")
        if self.id != content_id(self.parts, self.files):
            raise ValueError("the id does not follow from the parts and files")
        return self

    def to_json(self) -> str:
        """For ``manifest.json``."""
        return self.model_dump_json(indent=2) + "\n"


def _above(path: str) -> Iterator[str]:
    """The folders that a relative path goes through."""
    while path := path.rpartition("/")[0]:
        yield path


def content_id(parts: dict[Role, PartEntry], files: dict[str, FileEntry]) -> str:
    """The id that follows from parts and files, whatever order they are given in."""
    content = {
        "schema_version": 1,  # of the id's canonical form; another one would rename all bundles
        "parts": {role: part.model_dump(mode="json") for role, part in parts.items()},
        "files": {path: file.model_dump(mode="json") for path, file in files.items()},
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def describe(
    folder: Path,
    parts: dict[Role, PartEntry],
    licences: dict[Role, Licence],
    *,
    parent: str | None = None,
    run: str | None = None,
    data: str | None = None,
    metrics: dict[str, float] | None = None,
) -> Manifest:
    """Hash what is in ``folder`` and make the manifest for it; nothing is written.

    Raises:
        BundleError: the folder cannot be a bundle; the message says why.
    """
    paths = [path for path in sorted(folder.rglob("*")) if not path.is_dir()]
    hashes = sha256_of_all(path for path in paths if path != folder / MANIFEST)
    files = {
        path.relative_to(folder).as_posix(): FileEntry(sha256=sha256, bytes=path.stat().st_size)
        for path, sha256 in hashes.items()
    }
    try:
        return Manifest(
            id=content_id(parts, files),
            created=datetime.now(UTC).replace(microsecond=0),
            parent=parent,
            run=run,
            data=data,
            parts=parts,
            files=files,
            metrics=metrics or {},
            licences=licences,
        )
    except ValidationError as error:
        raise BundleError(f"{folder.name} cannot be a bundle: {_first(error)}") from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest in ``folder``, valid in itself. The files are not looked at.

    Raises:
        BundleError: there is none, or it breaks a rule; the message says which.
    """
    return parse_manifest(read_small(folder / MANIFEST), folder.name)


def read_small(path: Path, most: int = MAX_MANIFEST) -> bytes:
    """A plain file that a stranger may have put there, if it has at most ``most`` bytes.

    Raises:
        BundleError: it is missing, not a plain file, or larger.
    """
    where = f"{path.name} of {path.parent.name}"
    try:
        with open_plain(path) as file:
            content = file.read(most + 1)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise BundleError(f"{path.parent.name} has no usable {path.name}: {reason}") from None
    if len(content) > most:
        raise BundleError(f"{where} is larger than {most} bytes")
    return content


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading that is no link, pipe or device.

    Raises:
        OSError: it is one, or cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise OSError(error.errno, "it is a symbolic link", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a plain file", str(path))
    return os.fdopen(descriptor, "rb")


def parse_manifest(content: bytes, name: str) -> Manifest:
    """A manifest from its bytes.

    Args:
        content: Of ``manifest.json``.
        name: Of the folder it comes from, for messages.

    Raises:
        BundleError: it is no JSON, of another schema, or breaks a rule.
    """
    try:
        raw = from_json(content)
    except ValueError:
        raise BundleError(f"{MANIFEST} of {name} is not JSON") from None
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if type(version) is not int:
        raise BundleError(f"{MANIFEST} of {name} names no schema; it is no bundle's manifest")
    if version not in _SCHEMAS:
        raise BundleError(
            f"{MANIFEST} of {name} is of schema {version}, and this Talkover reads "
            f"{' and '.join(map(str, _SCHEMAS))}; update Talkover or build the bundle again"
        )
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise BundleError(f"{MANIFEST} of {name} is not valid: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in found["loc"])
    return f"{where}: {found['msg']}" if where else found["msg"]
