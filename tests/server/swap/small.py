"""A store of tiny bundles, and a house whose models are only named."""

from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from talkover.core.bundles import BundleStore, PartEntry, describe
from talkover.core.bundles.signature import Signer, Trust
from talkover.core.settings import load_settings
from talkover.server.hearing import BatchedListener
from talkover.server.inference import Seat, Worker
from talkover.server.parts import Parts
from talkover.server.swap.house import House
from talkover.server.swap.loading import Loaded, Loader
from talkover.server.swap.shelf import Shelf

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
TRUST = Trust.among([SIGNER.public], required=True)
NOTHING: Any = None


def publish(
    store: BundleStore,
    number: int,
    *,
    roles: tuple[str, ...] = ("vad", "voice"),
    signed: bool = True,
) -> str:
    """A bundle of one small file a part."""
    with store.staging() as folder:
        for role in roles:
            (folder / role).mkdir()
            (folder / role / "weights.bin").write_bytes(number.to_bytes(4, "big") * 50)
        parts = {role: PartEntry(folder=role) for role in roles}
        made = describe(folder, cast("Any", parts), {})
        return store.publish(folder, made, SIGNER if signed else None)


def open_shelf(store: BundleStore, pinned: str | None = None) -> Shelf:
    return Shelf(store, lambda: TRUST, pinned)


def named(bundle: str, worker: Worker, voices: object = None) -> Loaded:
    """A bundle without models: enough to decide about it."""
    listener = BatchedListener(NOTHING, worker)
    parts = Parts(bundle, cast("Any", voices), listener, NOTHING, NOTHING, NOTHING)
    return Loaded(parts, Seat(NOTHING, worker), (), (), ())


def open_house(shelf: Shelf, bundle: str, worker: Worker, data_dir: Path) -> House:
    """Nothing but small bundles is on its shelf, and none of those can be loaded."""
    return House(shelf, Loader(load_settings(data_dir=data_dir)), named(bundle, worker))
