"""Where the bundle that is served came from: its run, and the first of its line."""

from pathlib import Path

from talkover.core.bundles.manifest import Manifest
from talkover.core.bundles.store import BundleStore
from talkover.core.errors import BundleError
from talkover.core.learning.ledger import learning_folder

_TOLD = "run.json"


def parent_run(data_dir: Path) -> Path | None:
    """The folder of that run; None: it is not here, or what is served was never trained."""
    store = BundleStore(data_dir)
    try:
        current = store.current()
        run = None if current is None else store.get(current).run
    except BundleError:
        return None
    folder = learning_folder(data_dir) / "runs" / str(run).partition("/")[0]
    return folder if run and (folder / _TOLD).is_file() else None


def first_bundle(data_dir: Path) -> Manifest | None:
    """The first of the line of the bundle that is served; None: one of them is not here any more.

    A bundle is named by its content, its parent's name included, so a line cannot bite its tail.
    """
    store = BundleStore(data_dir)
    first: Manifest | None = None
    try:
        following = store.current()
        while following is not None:
            first = store.get(following)
            following = first.parent
    except BundleError:
        return None
    return first
