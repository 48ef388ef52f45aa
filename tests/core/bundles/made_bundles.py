"""Small bundles for tests, and what can be wrong with them."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from talkover.core.bundles import Licence, PartEntry, describe
from talkover.core.bundles.signature import Signer, Trust

PARTS = {
    "listener": PartEntry(folder="listener", variant={"window_seconds": 10}),
    "voice": PartEntry(folder="voice"),
}
LICENCES = {"listener": Licence(spdx="MIT", origin="somewhere")}
FILES = {"listener/tokens.json": b"{}", "voice/deep/weights.bin": b"\x00\x01" * 500}


def a_signer(number=1):
    """A key that is the same each time."""
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


SIGNER = a_signer()
TRUST = Trust.among([SIGNER.public], required=True)


def fill(folder, files=FILES):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def publish(store, files=FILES, *, parts=PARTS, seal=SIGNER, **about):
    with store.staging() as folder:
        described = describe(fill(folder, files), parts, LICENCES, **about)
        return store.publish(folder, described, seal)


def numbered(number):
    """The files of one of many bundles."""
    return {**FILES, "voice/deep/weights.bin": number.to_bytes(4, "big") * 500}
