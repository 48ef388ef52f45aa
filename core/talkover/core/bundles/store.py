"""Bundles on the disk: found, verified, published whole, one of them current.

On the disk::

    bundles/
    ├── .lock           held while a process publishes
    ├── .staging-*/     a bundle that is being made; never looked at
    ├── current         the id that new turns begin on
    └── <id>/           manifest.json and the parts' folders; never changed
"""

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from talkover.core.bundles.manifest import MANIFEST, Manifest, read_manifest
from talkover.core.bundles.onnxfile import refuse_external_data
from talkover.core.errors import BundleError
from talkover.core.weights.disk import locked, sha256_of_all, sync, write_atomically

_ID: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = re.compile(r"[0-9a-f]{6,64}")
_ABANDONED: Final = 24 * 3600.0  # s


class BundleStore:
    """The bundles under one data folder.

    Args:
        data_dir: ``bundles/`` in it is the store; made when first written to.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "bundles"
        self._cure = f"build it again with `talkover models build --data-dir {data_dir}`"

    def ids(self) -> list[str]:
        """Ids of all bundles, sound or not, sorted."""
        if not self.root.is_dir():
            return []
        return sorted(entry.name for entry in self.root.iterdir() if _ID.fullmatch(entry.name))

    def list(self) -> list[Manifest]:
        """Manifests of all bundles that have a valid one, oldest first."""
        manifests = []
        for bundle_id in self.ids():
            try:
                manifests.append(self.get(bundle_id))
            except BundleError:  # `verify` says what is wrong with it
                continue
        return sorted(manifests, key=lambda manifest: (manifest.created, manifest.id))

    def path(self, bundle_id: str) -> Path:
        """A bundle's folder.

        Raises:
            BundleError: the id is not one, or there is no such bundle.
        """
        folder = self.root / bundle_id
        if not _ID.fullmatch(bundle_id) or not folder.is_dir():
            raise BundleError(f"there is no bundle {bundle_id[:64]!r}; see `talkover models list`")
        return folder

    def resolve(self, prefix: str) -> str:
        """The one id that begins with ``prefix`` (at least 6 characters).

        Raises:
            BundleError: none does, or several do.
        """
        found = [i for i in self.ids() if _PREFIX.fullmatch(prefix) and i.startswith(prefix)]
        if len(found) != 1:
            which = "no bundle's" if not found else "more than one bundle's"
            raise BundleError(
                f"{prefix[:64]!r} begins {which} id; see `talkover models list` "
                "and give at least 6 characters"
            )
        return found[0]

    def get(self, bundle_id: str) -> Manifest:
        """A bundle's manifest, valid in itself and for this id.

        Raises:
            BundleError: there is no such bundle, or its manifest is not valid.
        """
        folder = self.path(bundle_id)
        with self._naming_the_cure():
            manifest = read_manifest(folder)
            if manifest.id != bundle_id:
                raise BundleError(f"the folder {bundle_id} holds the bundle {manifest.id}")
        return manifest

    def verify(self, bundle_id: str, *, deep: bool = True) -> Manifest:
        """Check a bundle before it is used.

        Args:
            bundle_id: Which.
            deep: Hash every file; otherwise only names, kinds and sizes are checked.

        Returns:
            Its manifest.

        Raises:
            BundleError: it is unfit to be loaded; the message names the file and the cure.
        """
        manifest = self.get(bundle_id)
        with self._naming_the_cure():
            _check_files(self.path(bundle_id), manifest, deep=deep)
        return manifest

    def current(self) -> str | None:
        """The id of the bundle that is served by default; None before the first is built.

        Raises:
            BundleError: the pointer does not lead to a bundle.
        """
        try:
            content = (self.root / "current").read_bytes()[:100]
        except FileNotFoundError:
            return None
        bundle_id = content.decode("ascii", "replace").strip()
        try:
            self.path(bundle_id)
        except BundleError:
            raise BundleError(f"the current bundle is not there; {self._cure}") from None
        return bundle_id

    def set_current(self, bundle_id: str) -> None:
        """Serve this bundle by default from now on.

        Raises:
            BundleError: there is no such bundle.
        """
        self.path(bundle_id)
        write_atomically(self.root / "current", f"{bundle_id}\n".encode())

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A new folder to make a bundle in; what is still there at the end is removed."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._sweep()
        folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, folder: Path, manifest: Manifest) -> str:
        """Move a finished folder to where bundles are, whole or not at all.

        A sound bundle with the same id stays as it is; a damaged one is replaced.

        Args:
            folder: From ``staging``.
            manifest: What it holds; written into it as ``manifest.json``.

        Returns:
            The bundle's id.

        Raises:
            BundleError: the folder is not what the manifest says.
        """
        (folder / MANIFEST).write_text(manifest.to_json(), "utf-8")
        _check_files(folder, read_manifest(folder), deep=True)
        for path in [*folder.rglob("*"), folder]:
            sync(path)
        target = self.root / manifest.id
        with locked(self.root):
            if target.exists():
                try:
                    self.verify(manifest.id)
                except BundleError:
                    with self.staging() as grave:  # a rename never replaces a full folder
                        target.rename(grave / "damaged")
                else:
                    return manifest.id
            folder.chmod(0o755)  # temporary folders are private
            folder.rename(target)
            sync(self.root)
        return manifest.id

    @contextmanager
    def _naming_the_cure(self) -> Iterator[None]:
        try:
            yield
        except BundleError as error:
            raise BundleError(f"{error}; {self._cure}") from None

    def _sweep(self) -> None:
        """Remove what builds left that were killed; the folder of a live one is younger."""
        for leftover in self.root.glob(".staging-*"):
            with suppress(FileNotFoundError):  # another process sweeps, too
                if time.time() - leftover.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(leftover, ignore_errors=True)


def _check_files(folder: Path, manifest: Manifest, *, deep: bool) -> None:
    """Check that a folder holds exactly the manifest's files, and nothing that leads elsewhere.

    Raises:
        BundleError: it does not.
    """
    found = _regular_files(folder)
    for name in sorted(found.keys() - manifest.files.keys()):
        raise BundleError(f"{folder / name} is not listed in the manifest")
    for name, entry in sorted(manifest.files.items()):
        if name not in found:
            raise BundleError(f"{folder / name} is missing")
        if found[name] != entry.bytes:
            raise BundleError(f"{folder / name} has {found[name]} bytes instead of {entry.bytes}")
        if name.endswith(".onnx"):
            refuse_external_data(folder / name)
    if not deep:
        return
    for path, sha256 in sha256_of_all(folder / name for name in manifest.files).items():
        if sha256 != manifest.files[path.relative_to(folder).as_posix()].sha256:
            raise BundleError(f"{path} is damaged: its sha256 is not the manifest's")


def _regular_files(folder: Path) -> dict[str, int]:
    """Relative path to size of everything in a bundle's folder but the manifest.

    Raises:
        BundleError: there is something that is neither a plain file nor a plain folder.
    """
    found = {}
    for parent, folders, names in os.walk(folder, followlinks=False):
        for name in [*folders, *names]:
            path = Path(parent) / name
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                found[path.relative_to(folder).as_posix()] = status.st_size
            elif not stat.S_ISDIR(status.st_mode):
                raise BundleError(f"{path} is not a plain file")
    found.pop(MANIFEST, None)
    return found
