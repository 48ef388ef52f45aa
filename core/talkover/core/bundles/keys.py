"""The key that signs here, and those that are trusted, as the settings have them.

Needs ``cryptography``, as ``signature`` does.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from talkover.core.bundles.signature import PublicKey, Signer, Trust
from talkover.core.errors import ConfigError
from talkover.core.settings import Settings
from talkover.core.weights.disk import sync

_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077  # what group and world may do


def signer_of(settings: Settings) -> Signer:
    """The key that signs here; made when it is first asked for, unless the settings name one.

    Raises:
        ConfigError: the key cannot be read or made, or others can read it.
    """
    path = key_file(settings)
    if settings.bundles.signing_key is None and not path.exists():
        _make(path)
    return read_signer(path)


def trust_of(settings: Settings) -> Trust:
    """Whose bundles are taken: the keys of the settings, or else the one that signs here.

    Raises:
        ConfigError: a key is none, or cannot be read.
    """
    bundles = settings.bundles
    if bundles.trusted_keys:
        keys = [PublicKey.parse(text) for text in bundles.trusted_keys]
    else:
        path = key_file(settings)
        there = bundles.signing_key is not None or path.exists()
        keys = [read_signer(path).public] if there else []
    return Trust.among(keys, required=bundles.require_signature)


def key_file(settings: Settings) -> Path:
    """Where the key that signs here is, whether or not it exists."""
    named = settings.bundles.signing_key
    return (named or settings.data_dir / "keys" / "signing.pem").expanduser().absolute()


def read_signer(path: Path) -> Signer:
    """Read a private key in PEM (PKCS #8, without a password).

    Raises:
        ConfigError: it cannot be read, is of another kind, or others can read it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the signing key {path} cannot be read ({error.strerror}); make one with: "
            f"openssl genpkey -algorithm ed25519 -out {path}"
        ) from None
    if mode & _OTHERS:
        raise ConfigError(f"others can use the signing key {path}; run: chmod 600 {path}")
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # no PEM; with a password; unknown
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds no Ed25519 private key in PEM without a password")
    return Signer(private)


def _make(path: Path) -> None:
    """Make a key; where two processes do so at once, the first one's stays.

    Raises:
        ConfigError: it cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            path.hardlink_to(partial)  # a rename would replace the other's
        sync(path.parent)
    except OSError as error:
        raise ConfigError(f"no signing key can be made at {path}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
