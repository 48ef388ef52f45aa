"""``signature.json``: who vouches for a bundle.

A signature is Ed25519 (RFC 8032) over the bytes of ``manifest.json``, and those hold the sha256 of
every file. It lies beside the manifest, so a bundle can be signed after it was made, and by
another, without becoming another bundle.

This module needs ``cryptography``, which comes with the server and the trainer; whoever imports it
does so late.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from talkover.core.bundles.contents import SIGNATURE
from talkover.core.errors import ConfigError, UntrustedError

_KEY_BYTES: Final = 32
_KEY_ID: Final = 16  # hexadecimal characters


class Signature(BaseModel):
    """What is in ``signature.json``.

    Attributes:
        schema_version: Of this format.
        algorithm: There is one.
        key_id: Of the public key.
        value: The signature, 64 bytes in base64.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    algorithm: Literal["ed25519"] = "ed25519"
    key_id: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{_KEY_ID}}}$")]
    value: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]

    @classmethod
    def parse(cls, content: bytes, name: str) -> Self:
        """A signature from its bytes.

        Raises:
            UntrustedError: it is none.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in found["loc"])
            raise UntrustedError(
                f"{SIGNATURE} of {name} is not valid: {where} {found['msg']}"
            ) from None


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures can be checked with.

    Attributes:
        id: The first characters of the sha256 of its 32 bytes.
        text: Those bytes in base64, as in the settings.
    """

    id: str
    text: str
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A key from its base64.

        Raises:
            ConfigError: it is none.
        """
        try:
            raw = base64.b64decode(text, validate=True)
            return cls._of(Ed25519PublicKey.from_public_bytes(raw))
        except (binascii.Error, ValueError):
            raise ConfigError(
                f"{text[:60]!r} is no public key: it must be {_KEY_BYTES} bytes in base64, as "
                "`talkover bundles key` prints them"
            ) from None

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> Self:
        """The public half of a key."""
        return cls._of(private.public_key())

    @classmethod
    def _of(cls, key: Ed25519PublicKey) -> Self:
        raw = key.public_bytes_raw()
        identity = hashlib.sha256(raw).hexdigest()[:_KEY_ID]
        return cls(identity, base64.b64encode(raw).decode("ascii"), key)

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this key made the signature for this content."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A key that signs.

    Args:
        private: The key.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey.of(private)

    def sign(self, manifest: bytes) -> bytes:
        """The content of ``signature.json`` for a manifest's bytes."""
        value = base64.b64encode(self._private.sign(manifest)).decode("ascii")
        made = Signature(key_id=self.public.id, value=value)
        return f"{made.model_dump_json(indent=2)}\n".encode()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count, and whether there must be one.

    A signature of a trusted key that does not fit is refused in any case: somebody changed the
    manifest after it was signed.

    Attributes:
        keys: Trusted keys by their id.
        required: Refuse what no trusted key has signed.
    """

    keys: Mapping[str, PublicKey]
    required: bool

    @classmethod
    def among(cls, keys: Iterable[PublicKey], *, required: bool) -> Self:
        """Trust these keys."""
        return cls({key.id: key for key in keys}, required)

    def lenient(self) -> Self:
        """The same keys, and what nobody signed is let through."""
        return replace(self, required=False)

    def check(self, manifest: bytes, signature: bytes | None, name: str) -> str | None:
        """Check a signature.

        Args:
            manifest: The bytes of ``manifest.json``.
            signature: Those of ``signature.json``, if there is one.
            name: The bundle's, for messages.

        Returns:
            The id of the trusted key that vouches for the bundle; None: none does.

        Raises:
            UntrustedError: the bundle must not be used.
        """
        if signature is None:
            if self.required:
                raise UntrustedError(
                    f"{name} is not signed; if it is your own, run: talkover bundles sign"
                )
            return None
        made = Signature.parse(signature, name)
        key = self.keys.get(made.key_id)
        if key is None:
            if self.required:
                raise UntrustedError(
                    f"{name} is signed by the unknown key {made.key_id}; if you trust it, add its "
                    "public key to bundles.trusted_keys"
                )
            return None
        if not key.signed(manifest, base64.b64decode(made.value)):
            raise UntrustedError(
                f"the signature of {name} does not fit its manifest: one of them was changed after "
                f"{key.id} signed; get the bundle again"
            )
        return key.id
