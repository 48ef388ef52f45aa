"""Which bundle is current, how that came about, and which one to go back to.

A bundle becomes current only after every file of it was hashed. The history is appended to and
synced first, then the pointer is replaced; a process that dies in between leaves the pointer as it
was, on a bundle that is whole.
"""

import os
from collections.abc import Collection
from typing import Final

from talkover.core.bundles.history import (
    Promotion,
    good_ones,
    parse_history,
    took_effect,
)
from talkover.core.bundles.signature import Trust
from talkover.core.bundles.store import BundleStore
from talkover.core.errors import BundleError
from talkover.core.weights.disk import locked, sync

_HISTORY: Final = "history.jsonl"


class Registry:
    """The state of a store.

    Args:
        store: Whose.
        trust: Whose signature a bundle needs to be promoted. Going back needs none: what is gone
            back to was current before.
    """

    def __init__(self, store: BundleStore, trust: Trust) -> None:
        self.store = store
        self.trust = trust

    def promote(self, bundle_id: str, *, reason: str = "", by: str = "") -> Promotion | None:
        """Make a bundle current.

        Returns:
            What was written down; None if it was current already.

        Raises:
            BundleError: it is unfit to be loaded, or lacks a part that the current one has.
        """
        manifest = self.store.verify(bundle_id, trust=self.trust)
        with locked(self.store.root):
            before = self.store.pointer()
            if before == bundle_id:
                return None
            if before is not None:
                self._refuse_less(before, bundle_id, set(manifest.parts))
            return self._move(
                Promotion(kind="promote", bundle=bundle_id, before=before, reason=reason, by=by)
            )

    def rollback(self, *, reason: str = "", by: str = "") -> Promotion:
        """Go back to the bundle that was current before, or further if that one is damaged.

        Raises:
            BundleError: there is none that is whole.
        """
        with locked(self.store.root):
            target = self.last_good()
            if target is None:
                raise BundleError(
                    "there is no whole bundle to go back to; promote one, or run: "
                    "talkover models build"
                )
            before = self.store.pointer()
            return self._move(
                Promotion(kind="rollback", bundle=target, before=before, reason=reason, by=by)
            )

    def last_good(self) -> str | None:
        """The newest bundle that was current before the one that is, and is whole; None: none."""
        return next((found for found in self._good() if self._is_whole(found)), None)

    def dispensable(self, keep: int, *, spare: Collection[str] = ()) -> list[str]:
        """What nobody would miss.

        Args:
            keep: How many of the newest stay, and how many of those that can be gone back to.
            spare: Ids that stay in any case, as the current one does.

        Returns:
            Ids of all others, sound or not, sorted.
        """
        newest = [manifest.id for manifest in reversed(self.store.list())]
        good = [found for found in self._good() if self._is_whole(found, deep=False)]
        stay = {self.store.pointer(), *spare, *newest[:keep], *good[:keep]}
        return [bundle_id for bundle_id in self.store.ids() if bundle_id not in stay]

    def prune(self, keep: int, *, spare: Collection[str] = ()) -> list[str]:
        """Remove what is dispensable, and say what that was."""
        with locked(self.store.root):
            removed = self.dispensable(keep, spare=spare)
            for bundle_id in removed:
                self.store.remove(bundle_id)
        return removed

    def history(self) -> list[Promotion]:
        """What took effect, oldest first."""
        return took_effect(self._read(), self.store.pointer())

    def _good(self) -> list[str]:
        """What can be gone back to, the best first."""
        current = self.store.pointer()
        return good_ones(took_effect(self._read(), current), current)[::-1]

    def _is_whole(self, bundle_id: str, *, deep: bool = True) -> bool:
        try:
            self.store.verify(bundle_id, deep=deep, trust=self.trust.lenient())
        except BundleError:
            return False
        return True

    def _refuse_less(self, before: str, bundle_id: str, parts: set[str]) -> None:
        try:
            lost = self.store.get(before).parts.keys() - parts
        except BundleError:  # what it had cannot be told
            return
        if lost:
            raise BundleError(
                f"{bundle_id[:12]} has no {', '.join(sorted(lost))}, which the current bundle "
                "has; export it with all parts"
            )

    def _read(self) -> list[Promotion]:
        try:
            return parse_history((self.store.root / _HISTORY).read_bytes())
        except FileNotFoundError:
            return []

    def _move(self, entry: Promotion) -> Promotion:
        self._append(entry)
        self.store.set_current(entry.bundle)
        return entry

    def _append(self, entry: Promotion) -> None:
        path = self.store.root / _HISTORY
        line = entry.model_dump_json().encode() + b"\n"
        with path.open("a+b") as file:
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)  # what a process that died left of its line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        sync(path.parent)
