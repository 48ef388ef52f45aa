"""Models in memory, by what they were made from: generations that have a part alike share it.

A new bundle mostly brings one new part. The rest is neither read nor kept twice, and what it knows
of running calls (a brain's keys and values, say) stays with it.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from talkover.core.bundles import Manifest
from talkover.core.weights.catalog import Role

T = TypeVar("T")
Build = Callable[[contextlib.AsyncExitStack], Awaitable[T]]
"""Makes a part, and puts on the stack how it is taken down."""


@dataclass(slots=True)
class _Held:
    part: Any
    stack: contextlib.AsyncExitStack
    holders: int


class Pool:
    """Parts that are in use, each once."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._lock = asyncio.Lock()

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)

    async def hold(self, key: str, build: Build[T]) -> T:
        """The part of that key, built if nobody has it; ``let_go`` must follow.

        Raises:
            TalkoverError: it cannot be built; then nothing of it stays.
        """
        async with self._lock:
            held = self._held.get(key)
            if held is None:
                async with contextlib.AsyncExitStack() as stack:
                    part = await build(stack)
                    held = self._held[key] = _Held(part, stack.pop_all(), 0)
            held.holders += 1
            return cast("T", held.part)

    async def let_go(self, key: str) -> None:
        """One holder less; the last takes the part down."""
        held = self._held[key]
        held.holders -= 1
        if held.holders == 0:
            del self._held[key]
            await held.stack.aclose()


def part_key(manifest: Manifest, role: Role) -> str:
    """Names a part of a bundle by its content, and the lack of it by that."""
    part = manifest.parts.get(role)
    if part is None:
        return f"{role}:none"
    files = {
        path: entry.sha256
        for path, entry in manifest.files.items()
        if path.startswith(f"{part.folder}/")
    }
    content = json.dumps([role, part.model_dump(mode="json"), files], sort_keys=True)
    return f"{role}:{hashlib.sha256(content.encode()).hexdigest()}"
