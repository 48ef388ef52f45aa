"""Which weights a server runs on, and asking for others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from grpc import aio

from talkover.client import _channel
from talkover.v1 import admin_pb2, admin_pb2_grpc

_SECONDS = 120.0  # a large bundle takes long to be hashed and loaded


class GenerationState(StrEnum):
    """How far a generation is."""

    UNSPECIFIED = "unspecified"
    LOADING = "loading"
    WARMED = "warmed"
    CHECKED = "checked"
    SHADOW = "shadow"
    CANARY = "canary"
    CURRENT = "current"
    RETIRING = "retiring"
    FREED = "freed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Generation:
    """A bundle in a server's memory."""

    number: int
    """Counted from 0 in each process."""
    bundle_id: str
    state: GenerationState
    share: float
    """Of the sessions whose turns begin on it."""
    uses: int
    """What runs on it now."""
    turns: int
    """That ran on it."""
    compared: int
    """Turns that it heard in the shadow."""
    seconds: float
    """In this state."""
    reason: str
    signs: dict[str, float]
    """Share of its turns of each kind, and the median latency in seconds."""


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle on a server's disk."""

    bundle_id: str
    parent: str
    """Empty for the first."""
    created: str
    """RFC 3339."""
    bytes: int
    current: bool
    """New turns begin on it."""


async def bundles(
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
) -> tuple[BundleInfo, ...]:
    """The bundles on a server's disk, oldest first.

    Args:
        url: As for ``connect``.
        token: As for ``connect``.

    Raises:
        CallError: no answer came; ``code`` and message say why.
    """
    async with _asking(url) as stub:
        answer = await stub.ListBundles(
            admin_pb2.ListBundlesRequest(),
            timeout=_SECONDS,
            metadata=_channel.credentials(token),
        )
    return tuple(
        BundleInfo(one.id, one.parent, one.created, one.bytes, one.current)
        for one in answer.bundles
    )


async def generations(
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
) -> tuple[Generation, ...]:
    """The bundles in a server's memory, the newest first.

    Args:
        url: As for ``connect``.
        token: As for ``connect``.

    Raises:
        CallError: no answer came; ``code`` and message say why.
    """
    async with _asking(url) as stub:
        answer = await stub.ListGenerations(
            admin_pb2.ListGenerationsRequest(),
            timeout=_SECONDS,
            metadata=_channel.credentials(token),
        )
    return tuple(_from_wire(one) for one in answer.generations)


async def watch_generations(
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
) -> AsyncIterator[tuple[Generation, ...]]:
    """The same, now and whenever it changes."""
    async with _asking(url) as stub:
        stream = stub.WatchGenerations(
            admin_pb2.WatchGenerationsRequest(), metadata=_channel.credentials(token)
        )
        async for answer in stream:
            yield tuple(_from_wire(one) for one in answer.generations)


async def offer_bundle(
    bundle_id: str,
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
    share: float | None = None,
    reason: str = "",
) -> Generation:
    """Let a server take a look at a bundle, and serve it to all if it does no worse.

    Args:
        bundle_id: Which.
        url: As for ``connect``.
        token: As for ``connect``.
        share: Of the sessions that are served by it at once; None: by way of the shadow.
        reason: Why, for people.

    Returns:
        What it became, loaded and checked.

    Raises:
        CallError: it was refused, or no answer came; the message says why.
    """
    request = admin_pb2.OfferBundleRequest(bundle_id=bundle_id, share=share, reason=reason)
    async with _asking(url) as stub:
        answer = await stub.OfferBundle(
            request, timeout=_SECONDS, metadata=_channel.credentials(token)
        )
    return _from_wire(answer.generation)


async def promote_bundle(
    bundle_id: str,
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
    reason: str = "",
) -> Generation:
    """Have a server serve a bundle to all, without shadow and canary.

    Args:
        bundle_id: Which.
        url: As for ``connect``.
        token: As for ``connect``.
        reason: Why, for people.

    Raises:
        CallError: it was refused, or no answer came; the message says why.
    """
    request = admin_pb2.PromoteBundleRequest(bundle_id=bundle_id, reason=reason)
    async with _asking(url) as stub:
        answer = await stub.PromoteBundle(
            request, timeout=_SECONDS, metadata=_channel.credentials(token)
        )
    return _from_wire(answer.generation)


async def rollback_bundle(
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
    reason: str = "",
) -> Generation:
    """Have a server drop its candidate, or else go back to what was current before.

    Args:
        url: As for ``connect``.
        token: As for ``connect``.
        reason: Why, for people.

    Returns:
        What is served now.

    Raises:
        CallError: there is nothing to go back to, or no answer came; the message says why.
    """
    async with _asking(url) as stub:
        answer = await stub.RollbackBundle(
            admin_pb2.RollbackBundleRequest(reason=reason),
            timeout=_SECONDS,
            metadata=_channel.credentials(token),
        )
    return _from_wire(answer.generation)


@asynccontextmanager
async def _asking(url: str) -> "AsyncIterator[admin_pb2_grpc.AdminAsyncStub]":
    async with _channel.open_channel(url) as channel:
        try:
            yield admin_pb2_grpc.AdminStub(channel)
        except aio.AioRpcError as error:
            raise _channel.from_status(error, url, opened=False) from None


def _from_wire(one: admin_pb2.Generation) -> Generation:
    name = admin_pb2.GenerationState.Name(one.state).removeprefix("GENERATION_STATE_")
    return Generation(
        number=one.number,
        bundle_id=one.bundle_id,
        state=GenerationState(name.lower()),
        share=one.share,
        uses=one.uses,
        turns=one.turns,
        compared=one.compared,
        seconds=one.seconds,
        reason=one.reason,
        signs=dict(one.signs),
    )
