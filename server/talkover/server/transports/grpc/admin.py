"""The Admin service: what runs and on which weights."""

from __future__ import annotations  # grpc's classes are generic to type checkers only

import asyncio
from collections.abc import AsyncIterator, Awaitable
from importlib.metadata import version
from typing import Any, Final, TypeAlias

import grpc
from grpc import aio

from talkover.core.bundles import BundleStore
from talkover.core.errors import TalkoverError
from talkover.core.settings import Settings
from talkover.server.hall import Hall
from talkover.server.swap.generation import Generation
from talkover.server.swap.operator import Operator
from talkover.v1 import admin_pb2, admin_pb2_grpc

_REASON: Final = 500  # characters that are kept

Context: TypeAlias = "aio.ServicerContext[Any, Any]"


class AdminService(admin_pb2_grpc.AdminServicer):
    """Status and bundles.

    Args:
        hall: Whose status.
        operator: Of its weights.
        store: Where bundles lie.
        settings: Limits to report.
    """

    def __init__(
        self, hall: Hall, operator: Operator, store: BundleStore, settings: Settings
    ) -> None:
        self._hall = hall
        self._operator = operator
        self._store = store
        self._settings = settings

    async def GetStatus(  # noqa: N802 - the wire's name
        self, request: admin_pb2.GetStatusRequest, context: Context
    ) -> admin_pb2.GetStatusResponse:
        """How the server is doing."""
        del request, context
        traces = self._hall.traces.stats()
        return admin_pb2.GetStatusResponse(
            version=version("talkover"),
            uptime_seconds=self._hall.uptime,
            bundle_id=self._hall.house.parts.bundle_id,
            sessions=self._hall.taken,
            max_sessions=self._settings.server.max_sessions,
            draining=self._hall.draining,
            traces=admin_pb2.TraceStatus(
                connected=traces.connected,
                spooled=traces.spooled,
                delivered=traces.delivered,
                dropped=traces.dropped,
            ),
            playout_late_p99_seconds=self._hall.late_p99(),
        )

    async def ListBundles(  # noqa: N802 - the wire's name
        self, request: admin_pb2.ListBundlesRequest, context: Context
    ) -> admin_pb2.ListBundlesResponse:
        """The bundles on disk."""
        del request, context
        manifests = await asyncio.to_thread(self._store.list)
        current = self._hall.house.parts.bundle_id
        return admin_pb2.ListBundlesResponse(
            bundles=[
                admin_pb2.BundleInfo(
                    id=manifest.id,
                    parent=manifest.parent or "",
                    created=manifest.created.isoformat(),
                    bytes=sum(file.bytes for file in manifest.files.values()),
                    current=manifest.id == current,
                )
                for manifest in manifests
            ]
        )

    async def ListGenerations(  # noqa: N802 - the wire's name
        self, request: admin_pb2.ListGenerationsRequest, context: Context
    ) -> admin_pb2.ListGenerationsResponse:
        """The bundles in memory."""
        del request, context
        return admin_pb2.ListGenerationsResponse(generations=self._generations())

    async def WatchGenerations(  # noqa: N802 - the wire's name
        self, request: admin_pb2.WatchGenerationsRequest, context: Context
    ) -> AsyncIterator[admin_pb2.WatchGenerationsResponse]:
        """The same, now and whenever it changes."""
        del request, context
        house = self._operator.house
        while True:
            version = house.version
            yield admin_pb2.WatchGenerationsResponse(generations=self._generations())
            await house.after(version)

    async def OfferBundle(  # noqa: N802 - the wire's name
        self, request: admin_pb2.OfferBundleRequest, context: Context
    ) -> admin_pb2.OfferBundleResponse:
        """Load a bundle and let it prove itself."""
        share = request.share if request.HasField("share") else None
        if share is not None and not 0 < share <= 1:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "PROTOCOL: a share is over 0 and up to 1"
            )
        asked = self._operator.offer(request.bundle_id, share, request.reason[:_REASON])
        return admin_pb2.OfferBundleResponse(generation=await self._answer(asked, context))

    async def PromoteBundle(  # noqa: N802 - the wire's name
        self, request: admin_pb2.PromoteBundleRequest, context: Context
    ) -> admin_pb2.PromoteBundleResponse:
        """Load a bundle and serve it to all."""
        asked = self._operator.promote(request.bundle_id, request.reason[:_REASON])
        return admin_pb2.PromoteBundleResponse(generation=await self._answer(asked, context))

    async def RollbackBundle(  # noqa: N802 - the wire's name
        self, request: admin_pb2.RollbackBundleRequest, context: Context
    ) -> admin_pb2.RollbackBundleResponse:
        """Drop the candidate, or go back."""
        asked = self._operator.roll_back(request.reason[:_REASON])
        return admin_pb2.RollbackBundleResponse(generation=await self._answer(asked, context))

    async def _answer(self, asked: Awaitable[Generation], context: Context) -> admin_pb2.Generation:
        try:
            made = await asked
        except TalkoverError as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{error.code}: {error}")
        return next(one for one in self._generations() if one.number == made.number)

    def _generations(self) -> list[admin_pb2.Generation]:
        return [
            admin_pb2.Generation(
                number=view.number,
                bundle_id=view.bundle,
                state=admin_pb2.GenerationState.Value(f"GENERATION_STATE_{view.state.name}"),
                share=view.share,
                uses=view.uses,
                turns=view.turns,
                compared=view.compared,
                seconds=view.seconds,
                reason=view.reason,
                signs=view.signs,
            )
            for view in self._operator.views()
        ]
