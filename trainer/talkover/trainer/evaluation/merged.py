"""What training changed in the listener of a first bundle, for those who compare it with torch."""

from pathlib import Path

from talkover.core.bundles import read_manifest
from talkover.core.errors import ConfigError
from talkover.core.listener.deltafile import DELTA, Delta, read_delta, shipped_delta
from talkover.core.weights.disk import sha256_of


def merged_delta(bundle: Path) -> Delta | None:
    """The delta that a bundle's listener was built with; None: it has the published weights.

    Args:
        bundle: Its folder.

    Raises:
        ConfigError: it was built with another delta than the one that comes along.
        WeightsError: the one that comes along is damaged.
        BundleError: the bundle has no valid manifest.
    """
    wanted = read_manifest(bundle).parts["listener"].variant.get(DELTA)
    if wanted is None:
        return None
    shipped = shipped_delta()
    if shipped is None or sha256_of(shipped) != wanted:
        raise ConfigError(
            f"the listener of {bundle.name[:12]} was built with a delta that does not come along; "
            "name another with --bundle, or run: talkover models build --stock"
        )
    return read_delta(shipped)
