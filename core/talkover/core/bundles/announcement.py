"""What servers are told about bundles, over the Redis stream ``talkover:bundles``.

An entry has one field, ``record``, with the JSON of an announcement. The stream holds the newest
``MAX_ENTRIES``. Servers follow it from its last entry; one that starts takes the newest promotion
or rollback for what all serve. The weights themselves are in the store: an announcement is a hint
to look there, and what it names is verified as if nobody had vouched for it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from talkover.core.bundles.manifest import Sha256
from talkover.core.errors import BundleError

STREAM: Final = "talkover:bundles"
FIELD: Final = "record"
MAX_ENTRIES: Final = 1_000
MAX_BYTES: Final = 4_096
"""Of one announcement."""
MAX_REASON: Final = 500

Kind = Literal["offer", "canary", "promote", "rollback"]


class Announcement(BaseModel):
    """One word about a bundle.

    Attributes:
        kind: ``offer``: take a look; ``canary``: serve a share of the sessions with it;
            ``promote``: serve all with it; ``rollback``: go back to it.
        bundle: The id; with ``rollback`` of the one that is served from now on.
        share: Of new sessions, 0 to 1.
        reason: Why, for people.
        at: When.
        by: Who says so: a person, a program, a server.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Kind
    bundle: Sha256
    share: float = Field(1.0, ge=0, le=1)
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    by: Annotated[str, Field(max_length=100)] = ""

    @classmethod
    def parse(cls, content: bytes | str) -> Self:
        """An announcement from its JSON.

        Raises:
            BundleError: it is none.
        """
        if len(content) > MAX_BYTES:
            raise BundleError(f"an announcement has more than {MAX_BYTES} bytes; it is ignored")
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            raise BundleError(
                f"an announcement cannot be read and is ignored: {found['msg']}"
            ) from None

    def to_json(self) -> str:
        """For the field ``record``."""
        return self.model_dump_json()


def newest_settled(entries: Iterable[Mapping[bytes, bytes]]) -> Announcement | None:
    """The newest promotion or rollback among a stream's entries, newest first; None: there is none.

    Entries that cannot be read are passed over: another version may have written them.
    """
    for fields in entries:
        try:
            announcement = Announcement.parse(fields.get(FIELD.encode(), b""))
        except BundleError:
            continue
        if announcement.kind in ("promote", "rollback"):
            return announcement
    return None
