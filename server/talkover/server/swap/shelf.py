"""The bundles on this machine's disk, as a server that swaps them sees them."""

from collections.abc import Callable
from pathlib import Path

from talkover.core.bundles import BundleStore, Manifest
from talkover.core.bundles.registry import Registry
from talkover.core.bundles.signature import Trust
from talkover.core.errors import BundleError


class Shelf:
    """Where bundles are taken from, and where it is kept which one is current.

    All of it reads disks; call it off the event loop.

    Args:
        store: The bundles.
        trust: Whose signature counts; asked each time, for keys are made and added while it runs.
        pinned: The one that the settings name; the pointer is left alone then.
    """

    def __init__(
        self, store: BundleStore, trust: Callable[[], Trust], pinned: str | None = None
    ) -> None:
        self.store = store
        self.pinned = pinned
        self._trust = trust

    def first(self) -> tuple[Path, Manifest]:
        """The bundle to start with: the one that is set, or the current one, or the last good one.

        Raises:
            BundleError: there is none, or none is whole.
        """
        bundle_id = self.pinned or self.store.pointer()
        if bundle_id is None:
            raise BundleError("no bundle yet; run `talkover models build` first (or `make talk`)")
        try:
            return self.take(bundle_id, known=True)
        except BundleError:
            good = None if self.pinned else Registry(self.store, self._trust()).last_good()
            if good is None:
                raise
            return self.take(good, known=True)

    def take(self, bundle_id: str, *, known: bool = False) -> tuple[Path, Manifest]:
        """A bundle's folder and manifest, every file of it hashed.

        Args:
            bundle_id: Which.
            known: It was served before, or whoever runs this machine chose it: it needs no
                signature, but one that it has must fit.

        Raises:
            BundleError: it is not fit to be loaded; the message says why.
        """
        trust = self._trust().lenient() if known else self._trust()
        manifest = self.store.verify(bundle_id, trust=trust)
        if not known:
            self._refuse_less(manifest)
        return self.store.path(bundle_id), manifest

    def settle(self, bundle_id: str, *, reason: str, by: str) -> None:
        """What is served, and was verified for that, is what a restart shall begin with.

        Raises:
            BundleError: it is not fit for that.
        """
        if self.pinned is None and self.store.pointer() != bundle_id:
            registry = Registry(self.store, self._trust().lenient())
            registry.promote(bundle_id, reason=reason[:500], by=by)

    def go_back(self, leave: str, *, reason: str, by: str) -> str:
        """Leave a bundle for the one before it; its id.

        Raises:
            BundleError: there is none that is whole, or the settings name what is served.
        """
        if self.pinned is not None:
            raise BundleError("this server serves the bundle that its settings name; start it anew")
        before = self.store.pointer()
        if before is not None and before != leave:
            return before  # what is left never became what a restart begins with
        registry = Registry(self.store, self._trust())
        return registry.rollback(reason=reason[:500], by=by).bundle

    def _refuse_less(self, manifest: Manifest) -> None:
        """What every new bundle must have is what the current one has."""
        try:
            had = self.store.get(self.store.pointer() or "").parts
        except BundleError:
            return
        if lost := had.keys() - manifest.parts.keys():
            raise BundleError(
                f"{manifest.short} has no {', '.join(sorted(lost))}, which the current bundle has; "
                "export it with all parts"
            )
