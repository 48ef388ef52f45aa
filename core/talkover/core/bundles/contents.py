"""Whether a folder holds exactly what a manifest says, and nothing that leads elsewhere."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from talkover.core.bundles.manifest import (
    MANIFEST,
    Manifest,
    parse_manifest,
    read_small,
)
from talkover.core.bundles.onnxfile import refuse_external_data
from talkover.core.errors import BundleError
from talkover.core.weights.disk import sha256_of_all

SIGNATURE: Final = "signature.json"
"""Beside the manifest, whose bytes it signs; so it changes neither them nor the id."""
MAX_SIGNATURE: Final = 4_096
BESIDE: Final = frozenset({MANIFEST, SIGNATURE})
"""What is in a bundle's folder and not in its manifest."""


class Judge(Protocol):
    """Whose word counts for a manifest: ``signature.Trust``."""

    def check(self, manifest: bytes, signature: bytes | None, name: str) -> str | None:
        """The id of the key that vouches for it, if one does.

        Raises:
            UntrustedError: it must not be used; the message says why.
        """
        ...


def check_bundle(folder: Path, *, deep: bool, trust: Judge | None = None) -> Manifest:
    """Check a folder before anything in it is used: cheap checks first.

    Args:
        folder: Holds a bundle, or claims to.
        deep: Hash every file; otherwise only names, kinds and sizes are checked.
        trust: Whose signature counts; None: signatures are not looked at.

    Returns:
        Its manifest.

    Raises:
        BundleError: it is unfit to be loaded; the message says why.
    """
    content = read_small(folder / MANIFEST)
    manifest = parse_manifest(content, folder.name)
    if trust is not None:
        trust.check(content, read_signature(folder), folder.name)
    check_files(folder, manifest, deep=deep)
    return manifest


def check_files(folder: Path, manifest: Manifest, *, deep: bool) -> None:
    """Check that a folder holds exactly the manifest's files.

    Raises:
        BundleError: it does not.
    """
    check_names(plain_files(folder), manifest, str(folder))
    for name in sorted(manifest.files):
        if name.endswith(".onnx"):
            refuse_external_data(folder / name)
    if not deep:
        return
    for path, sha256 in sha256_of_all(folder / name for name in manifest.files).items():
        if sha256 != manifest.files[path.relative_to(folder).as_posix()].sha256:
            raise BundleError(f"{path} is damaged: its sha256 is not the manifest's")


def check_names(found: Iterable[tuple[str, int]], manifest: Manifest, where: str) -> None:
    """Check names and sizes against a manifest; stops at the first that is not in it.

    Args:
        found: Relative path and bytes of everything that is there.
        manifest: What should be.
        where: For messages.

    Raises:
        BundleError: there is too much, too little, or something of another size.
    """
    missing = set(manifest.files)
    for name, size in found:
        if name in BESIDE:
            continue
        entry = manifest.files.get(name)
        if entry is None:
            leads = name.startswith(("/", "\\")) or ".." in PurePosixPath(name).parts
            why = "leads out of the bundle" if leads else "is not listed in the manifest"
            raise BundleError(f"{where}/{name[:300]} {why}")
        if size != entry.bytes:
            raise BundleError(f"{where}/{name} has {size} bytes instead of {entry.bytes}")
        if name not in missing:
            raise BundleError(f"{where}/{name} is there twice")
        missing.remove(name)
    for name in sorted(missing):
        raise BundleError(f"{where}/{name} is missing")


def read_signature(folder: Path) -> bytes | None:
    """The bytes of a folder's signature; None: there is none.

    Raises:
        BundleError: it cannot be one.
    """
    path = folder / SIGNATURE
    return read_small(path, MAX_SIGNATURE) if path.is_symlink() or path.exists() else None


def plain_files(folder: Path) -> Iterator[tuple[str, int]]:
    """Relative path and size of everything in a folder, in no order.

    Raises:
        BundleError: there is something that is neither a plain file nor a plain folder.
    """
    for parent, folders, names in os.walk(folder, followlinks=False):
        for name in [*folders, *names]:
            path = Path(parent) / name
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path.relative_to(folder).as_posix(), status.st_size
            elif not stat.S_ISDIR(status.st_mode):
                raise BundleError(f"{path} is not a plain file")
