"""What the commands of ``talkover bundles`` work at: a store, with the keys that count for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkover.core.bundles.contents import check_bundle, read_signature
from talkover.core.bundles.manifest import MANIFEST, read_small
from talkover.core.bundles.store import BundleStore
from talkover.core.errors import BundleError, ConfigError
from talkover.core.settings import Settings, load_settings

if TYPE_CHECKING:
    from talkover.core.bundles.registry import Registry
    from talkover.core.bundles.signature import Signer, Trust


@dataclass(frozen=True, slots=True)
class Desk:
    """A store, and whose word counts for it."""

    settings: Settings
    store: BundleStore
    trust: "Trust"

    def registry(self) -> "Registry":
        """The store's state."""
        from talkover.core.bundles.registry import Registry

        return Registry(self.store, self.trust)

    def signer(self) -> "Signer":
        """This machine's key."""
        from talkover.core.bundles.keys import signer_of

        return signer_of(self.settings)

    def resolve(self, prefix: str | None) -> str:
        """A whole id; of the current bundle if none is given.

        Raises:
            BundleError: there is no such bundle.
        """
        if prefix is not None:
            return self.store.resolve(prefix)
        current = self.store.current()
        if current is None:
            raise BundleError("no bundle is current; see `talkover bundles list`")
        return current

    def about(self, bundle_id: str) -> dict[str, Any]:
        """What a list says of a bundle; ``fault`` if it can be seen at once to be unfit."""
        row: dict[str, Any] = {
            "id": bundle_id,
            "current": bundle_id == self.store.pointer(),
            "signed_by": None,
            "fault": None,
        }
        try:
            manifest = self.store.get(bundle_id)
            row |= manifest.model_dump(
                mode="json", include={"created", "parent", "run", "data", "metrics"}
            )
            row |= {"bytes": manifest.bytes, "parts": list(manifest.parts)}
            row["signed_by"] = self._signed_by(self.store.path(bundle_id))
            self.store.verify(bundle_id, deep=False)
        except BundleError as error:
            row["fault"] = str(error)
        return row

    def _signed_by(self, folder: Path) -> str | None:
        content = read_small(folder / MANIFEST)
        return self.trust.lenient().check(content, read_signature(folder), folder.name[:12])

    def checks(self, place: str | None) -> Iterator[tuple[str, Callable[[], object]]]:
        """The names of what is to be verified, and how.

        Args:
            place: An id, or a folder; None: the pointer and all that is here.
        """
        if place is not None and ("/" in place or Path(place).is_dir()):
            folder = Path(place).expanduser()
            yield str(folder), partial(check_bundle, folder, deep=True, trust=self.trust)
            return
        ids = self.store.ids() if place is None else [self.store.resolve(place)]
        for bundle_id in ids:
            yield bundle_id, partial(self.store.verify, bundle_id, trust=self.trust)
        if place is None and (self.store.root / "current").exists():
            yield "current", self.store.current

    def announce(self, kind: str, bundle_id: str, reason: str, url: str | None) -> None:
        """Tell running servers.

        Raises:
            TalkoverError: they cannot be told; the message says why.
        """
        try:
            from talkover.core.bundles.announcing import announce
            from talkover.core.traces.connecting import connect
        except ImportError:
            raise ConfigError(
                "redis is not installed; run: pip install 'talkover[server]'"
            ) from None
        from talkover.core.bundles.announcement import Announcement
        from talkover.core.redis_url import redis_url

        told = Announcement.model_validate(
            {"kind": kind, "bundle": bundle_id, "reason": reason, "by": "talkover bundles"}
        )
        with connect(url or redis_url(self.settings)) as client:
            announce(client, told)


def open_desk(data_dir: Path | None) -> Desk:
    """The store of a data folder, with the keys of the settings.

    Raises:
        ConfigError: a setting is wrong, or a package is missing.
    """
    settings = load_settings(data_dir=data_dir)
    settings = settings.model_copy(update={"data_dir": settings.data_dir.expanduser().absolute()})
    try:
        from talkover.core.bundles.keys import trust_of
    except ImportError:
        raise ConfigError(
            "cryptography is not installed; run: pip install 'talkover[server]'"
        ) from None
    return Desk(settings, BundleStore(settings.data_dir), trust_of(settings))
