"""Promotions and rollbacks: what they were, and which of them took effect.

Each is written down before the pointer is moved. So the last one may say what never came true,
and the next one, which begins at what the pointer really says, shows that it did not.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from talkover.core.bundles.announcement import MAX_REASON
from talkover.core.bundles.manifest import Sha256


class Promotion(BaseModel):
    """A line of ``history.jsonl``.

    Attributes:
        kind: ``promote``: a bundle becomes current; ``rollback``: one that was becomes so again.
        bundle: Its id.
        before: What was current.
        reason: Why, for people.
        by: Who did it: a person, a program, a server.
        at: When.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["promote", "rollback"]
    bundle: Sha256
    before: Sha256 | None = None
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""
    by: Annotated[str, Field(max_length=100)] = ""
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


def parse_history(content: bytes) -> list[Promotion]:
    """The lines of a history, oldest first.

    A torn last line and lines that another version wrote are passed over: what they say is then
    missing, and what the others say still stands.
    """
    found = []
    for line in content.splitlines():
        try:
            found.append(Promotion.model_validate_json(line))
        except ValidationError:
            continue
    return found


def took_effect(entries: Sequence[Promotion], current: str | None) -> list[Promotion]:
    """Those after which the pointer really moved, oldest first.

    Args:
        entries: All, oldest first.
        current: What the pointer says now.
    """
    afterwards = [*(entry.before for entry in entries[1:]), current]
    return [
        entry for entry, found in zip(entries, afterwards, strict=False) if entry.bundle == found
    ]


def good_ones(entries: Iterable[Promotion], current: str | None) -> list[str]:
    """Ids that can be gone back to, the best last; without the current one.

    A rollback takes back what was promoted since its bundle was current, so that going back twice
    leads further back and not to the bundle that was fled from.

    Args:
        entries: Those that took effect, oldest first.
        current: What the pointer says now.
    """
    stack: list[str] = []
    for entry in entries:
        if entry.before is not None and stack[-1:] != [entry.before]:
            stack.append(entry.before)
        if entry.kind == "rollback" and entry.bundle in stack:
            last = len(stack) - 1 - stack[::-1].index(entry.bundle)
            del stack[last + 1 :]
        else:
            stack.append(entry.bundle)
    while current in stack[-1:]:
        stack.pop()
    return [found for found in stack if found != current]
