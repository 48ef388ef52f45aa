"""Parts into a bundle: made in a staging folder, described, published whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from talkover.core.bundles.manifest import Licence, PartEntry, describe
from talkover.core.bundles.store import BundleStore
from talkover.core.weights.catalog import Role

Tell = Callable[..., None]
"""Called with a phrase and, by builders that know it, how far they are (0 to 1)."""
Progress = Callable[[str, float], None]
"""Told what is going on and how far the whole build is (0 to 1)."""


_MADE: Final = 0.95
"""How far the build is when every part is made and only hashing and syncing are left."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one part is made.

    Attributes:
        make: Fills the folder it is given, and returns the part's ``variant``.
        share: Of the whole build's time, for progress; any unit.
    """

    make: Callable[[Path, Tell], dict[str, JsonValue]]
    share: float


def assemble(
    store: BundleStore,
    steps: Mapping[Role, Step],
    licences: Mapping[Role, Licence],
    *,
    progress: Progress | None = None,
) -> str:
    """Make every part in a staging folder and publish the bundle; the same input, the same id.

    Args:
        store: Where it goes.
        steps: By role.
        licences: By role.
        progress: Told after each bit of work.

    Returns:
        The bundle's id.

    Raises:
        BundleError: a part cannot be made, or the result breaks a rule.
    """
    report = progress or (lambda _phrase, _fraction: None)
    total = sum(step.share for step in steps.values())
    done = 0.0
    parts: dict[Role, PartEntry] = {}
    with store.staging() as folder:
        for role, step in steps.items():
            tell = _teller(report, role, done / total * _MADE, step.share / total * _MADE)
            tell("begins")
            (folder / role).mkdir()
            parts[role] = PartEntry(folder=role, variant=step.make(folder / role, tell))
            done += step.share
        report("hashing", _MADE)
        manifest = describe(folder, parts, dict(licences))
        report("publishing", (1 + _MADE) / 2)
        published = store.publish(folder, manifest)
    report("done", 1.0)
    return published


def _teller(report: Progress, role: str, begin: float, width: float) -> Tell:
    """What one part's builder is given, so that its 0 to 1 becomes the whole's."""

    def tell(phrase: str, fraction: float = 0.0) -> None:
        report(f"{role}: {phrase}", begin + min(1.0, max(0.0, fraction)) * width)

    return tell
