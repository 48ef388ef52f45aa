"""Bundles from elsewhere: copied file by file, and only what their manifest lists.

A source is a stranger's. Its names are compared and never used as paths; what is written are the
manifest's paths, which cannot lead out. Nothing is read past the size that the manifest gives, and
nothing is unpacked or followed. The copy is then verified like any other bundle.
"""

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol

from talkover.core.bundles.contents import (
    MAX_SIGNATURE,
    SIGNATURE,
    Judge,
    check_names,
    plain_files,
)
from talkover.core.bundles.manifest import (
    MANIFEST,
    MAX_MANIFEST,
    open_plain,
    parse_manifest,
)
from talkover.core.errors import BundleError

_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 1
_BROKEN: Final = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What reading a source can end in."""


class Source(Protocol):
    """Where a bundle comes from. Reading it may raise any of ``_BROKEN``.

    Attributes:
        name: For messages.
    """

    name: str

    def files(self) -> Iterator[tuple[str, int]]:
        """Relative path and bytes of everything in it, as it says itself.

        Raises:
            BundleError: there is something that cannot be part of a bundle.
        """
        ...

    def open(self, path: str) -> IO[bytes]:
        """Open one file, as named by the manifest.

        Raises:
            OSError: there is no such file, or it is not a plain one.
        """
        ...


@contextmanager
def open_source(place: str | Path) -> Iterator[Source]:
    """The source at a folder, a zip file or a folder's fsspec URL.

    Raises:
        BundleError: there is none, or reading it fails.
    """
    try:
        if "://" in str(place):
            yield _Remote(str(place))
            return
        path = Path(place).expanduser()
        if path.is_dir():
            yield _Folder(path)
            return
        if not zipfile.is_zipfile(path):
            raise BundleError(f"{path} is neither a bundle's folder nor a zip file of one")
        with zipfile.ZipFile(path) as archive:
            yield _Zip(path.name, archive)
    except _BROKEN as error:
        raise BundleError(f"{place} cannot be taken in as a bundle: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = Path(str(error.filename)).name if error.filename else ""
        return f"{name}: {error.strerror}" if name else error.strerror
    return str(error) or type(error).__name__


def copy_into(source: Source, folder: Path, trust: Judge) -> None:
    """Copy a bundle into an empty folder.

    Raises:
        BundleError: what the source says of itself already makes it unfit.
    """
    content = _small(source, MANIFEST, MAX_MANIFEST)
    if content is None:
        raise BundleError(f"{source.name} has no {MANIFEST}; it is no bundle")
    manifest = parse_manifest(content, source.name)
    signature = _small(source, SIGNATURE, MAX_SIGNATURE)
    trust.check(content, signature, source.name)
    check_names(source.files(), manifest, source.name)
    free = shutil.disk_usage(folder).free
    if manifest.bytes > free:
        raise BundleError(
            f"{source.name} needs {manifest.bytes / 1e6:.0f} MB and only {free / 1e6:.0f} MB are "
            "free; remove bundles that are not needed any more"
        )
    (folder / MANIFEST).write_bytes(content)
    if signature is not None:
        (folder / SIGNATURE).write_bytes(signature)
    for name, entry in manifest.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _copy(source, name, folder / name, entry.bytes)


def _small(source: Source, name: str, most: int) -> bytes | None:
    """The content of a small file; None: there is none."""
    try:
        with source.open(name) as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        return None
    if len(content) > most:
        raise BundleError(f"{name} of {source.name} is larger than {most} bytes")
    return content


def _copy(source: Source, name: str, target: Path, size: int) -> None:
    """Copy one file of a known size; one byte more is asked for, to see whether it is there."""
    left = size + 1
    with source.open(name) as file, target.open("xb") as copy:
        while left and (chunk := file.read(min(_CHUNK, left))):
            copy.write(chunk)
            left -= len(chunk)
    if left != 1:
        word = "more" if left == 0 else "fewer"
        raise BundleError(f"{source.name}/{name} has {word} than the {size} bytes of its manifest")


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder

    def files(self) -> Iterator[tuple[str, int]]:
        return plain_files(self._folder)

    def open(self, path: str) -> IO[bytes]:
        return open_plain(self._folder / path)


class _Zip:
    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self.name = name
        self._archive = archive

    def files(self) -> Iterator[tuple[str, int]]:
        for info in self._archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise BundleError(f"{self.name}/{info.filename[:300]} is not a plain file")
            if info.flag_bits & _ENCRYPTED:
                raise BundleError(f"{self.name} is encrypted; make a zip file without a password")
            if not info.is_dir():
                yield info.filename, info.file_size

    def open(self, path: str) -> IO[bytes]:
        try:
            return self._archive.open(path)
        except KeyError:
            raise FileNotFoundError(path) from None


class _Remote:
    """Whatever fsspec reaches."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # noqa: PLC0415 - seldom needed

            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise BundleError(f"bundles cannot be had from that URL: {error}") from None
        self.name = os.path.basename(self._root)  # noqa: PTH119 - no path of this machine

    def files(self) -> Iterator[tuple[str, int]]:
        found: dict[str, dict[str, Any]] = self._files.find(self._root, detail=True)
        for path, about in found.items():
            yield path.removeprefix(self._root).lstrip("/"), int(about["size"])

    def open(self, path: str) -> IO[bytes]:
        opened: IO[bytes] = self._files.open(f"{self._root}/{path}", "rb")
        return opened
