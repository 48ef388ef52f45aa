"""Bundles on the disk: found, verified, published whole, one of them current.

On the disk::

    bundles/
    ├── .lock           held while a process publishes
    ├── .staging-*/     a bundle that is being made or received; never looked at
    ├── current         the id that new turns begin on
    ├── history.jsonl   every promotion and rollback (see ``registry``)
    └── <id>/           manifest.json, perhaps signature.json, and the parts' folders

What is in a bundle's folder never changes, but for a signature that is added.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from talkover.core.bundles.contents import SIGNATURE, Judge, check_bundle
from talkover.core.bundles.incoming import copy_into, open_source
from talkover.core.bundles.manifest import MANIFEST, Manifest, read_manifest
from talkover.core.bundles.staging import staging
from talkover.core.errors import BundleError, UntrustedError
from talkover.core.weights.disk import locked, sync, write_atomically

_ID: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = re.compile(r"[0-9a-f]{6,64}")


class Seal(Protocol):
    """A key that signs: ``signature.Signer``."""

    def sign(self, manifest: bytes) -> bytes:
        """The content of ``signature.json`` for a manifest's bytes."""
        ...


class BundleStore:
    """The bundles under one data folder.

    Args:
        data_dir: ``bundles/`` in it is the store; made when first written to.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "bundles"
        self._cure = (
            f"build it again with `talkover models build --data-dir {data_dir}` or, if it was "
            "trained, import it again"
        )

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
            raise BundleError(f"there is no bundle {bundle_id[:64]!r}; see `talkover bundles list`")
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
                f"{prefix[:64]!r} begins {which} id; see `talkover bundles list` "
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
            _check_id(folder, manifest)
        return manifest

    def verify(self, bundle_id: str, *, deep: bool = True, trust: Judge | None = None) -> Manifest:
        """Check a bundle before it is used.

        Args:
            bundle_id: Which.
            deep: Hash every file; otherwise only names, kinds and sizes are checked.
            trust: Whose signature counts; None: signatures are not looked at.

        Returns:
            Its manifest.

        Raises:
            BundleError: it is unfit to be loaded; the message names the file and the cure.
        """
        folder = self.path(bundle_id)
        with self._naming_the_cure():
            manifest = check_bundle(folder, deep=deep, trust=trust)
            _check_id(folder, manifest)
        return manifest

    def current(self) -> str | None:
        """The id of the bundle that is served by default; None before the first is built.

        Raises:
            BundleError: the pointer does not lead to a bundle.
        """
        if not (self.root / "current").exists():
            return None
        bundle_id = self.pointer()
        if bundle_id is None or not (self.root / bundle_id).is_dir():
            raise BundleError(f"the current bundle is not there; {self._cure}")
        return bundle_id

    def pointer(self) -> str | None:
        """The id that is named as the current bundle's, whether or not there is such a bundle."""
        try:
            content = (self.root / "current").read_bytes()[:100]
        except FileNotFoundError:
            return None
        found = content.decode("ascii", "replace").strip()
        return found if _ID.fullmatch(found) else None

    def set_current(self, bundle_id: str) -> None:
        """Serve this bundle by default from now on. ``Registry`` also keeps how it came to that.

        Raises:
            BundleError: there is no such bundle, or something of it is missing.
        """
        self.verify(bundle_id, deep=False)
        write_atomically(self.root / "current", f"{bundle_id}\n".encode())

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A new folder to make a bundle in; what is still there at the end is removed."""
        with staging(self.root) as folder:
            yield folder

    def publish(self, folder: Path, manifest: Manifest, seal: Seal | None = None) -> str:
        """Move a finished folder to where bundles are, whole or not at all.

        A sound bundle with the same id stays as it is; a damaged one is replaced.

        Args:
            folder: From ``staging``.
            manifest: What it holds; written into it as ``manifest.json``.
            seal: The key to sign it with; a bundle that is there unsigned is signed, too.

        Returns:
            The bundle's id.

        Raises:
            BundleError: the folder is not what the manifest says.
        """
        content = manifest.to_json().encode()
        (folder / MANIFEST).write_bytes(content)
        if seal is not None:
            (folder / SIGNATURE).write_bytes(seal.sign(content))
        check_bundle(folder, deep=True)
        if not self._settle(folder, manifest.id) and seal is not None:
            self.sign(manifest.id, seal)
        return manifest.id

    def import_(self, source: str | Path, trust: Judge) -> Manifest:
        """Take in a bundle that a stranger may have made.

        It is copied to a staging folder, and the copy is verified before it becomes visible, whole
        or not at all. A sound bundle with the same id that ``trust`` lets through stays as it is.

        Args:
            source: A folder, a zip file, or a folder's fsspec URL.
            trust: Whose signature counts.

        Returns:
            Its manifest.

        Raises:
            BundleError: it is unfit to be loaded, or cannot be read; the message says why.
        """
        with open_source(source) as opened, self.staging() as folder:
            copy_into(opened, folder, trust)
            manifest = check_bundle(folder, deep=True, trust=trust)
            self._settle(folder, manifest.id, trust)
        return self.get(manifest.id)

    def sign(self, bundle_id: str, seal: Seal) -> None:
        """Vouch for a bundle: put a signature beside its manifest, in place of one that is there.

        Raises:
            BundleError: it is not sound, so nobody should vouch for it.
        """
        self.verify(bundle_id)
        folder = self.path(bundle_id)
        with self.staging() as aside:  # where no reader of the bundle stumbles over a torn file
            write_atomically(aside / SIGNATURE, seal.sign((folder / MANIFEST).read_bytes()))
            (aside / SIGNATURE).replace(folder / SIGNATURE)
            sync(folder)

    def remove(self, bundle_id: str) -> None:
        """Forget a bundle: it is there wholly or not at all. Who has loaded it goes on with it.

        Raises:
            BundleError: there is no such bundle.
        """
        folder = self.path(bundle_id)
        with self.staging() as grave:
            folder.rename(grave / bundle_id)
            sync(self.root)

    def _settle(self, folder: Path, bundle_id: str, trust: Judge | None = None) -> bool:
        """Move a verified folder to its place; whether it was needed there."""
        for path in [*folder.rglob("*"), folder]:
            sync(path)
        target = self.root / bundle_id
        with locked(self.root):
            if target.exists():
                try:
                    self.verify(bundle_id, trust=trust)
                except BundleError:
                    with self.staging() as grave:  # a rename never replaces a full folder
                        target.rename(grave / "unfit")
                else:
                    return False
            folder.chmod(0o755)  # temporary folders are private
            folder.rename(target)
            sync(self.root)
        return True

    @contextmanager
    def _naming_the_cure(self) -> Iterator[None]:
        try:
            yield
        except UntrustedError:  # another build would not change that
            raise
        except BundleError as error:
            raise BundleError(f"{error}; {self._cure}") from None


def _check_id(folder: Path, manifest: Manifest) -> None:
    if manifest.id != folder.name:
        raise BundleError(f"the folder {folder.name} holds the bundle {manifest.id}")
