"""The Admin service: what runs and on which weights."""

import asyncio
from importlib.metadata import version
from typing import Any, TypeAlias

from grpc import aio

from talkover.core.bundles import BundleStore
from talkover.core.settings import Settings
from talkover.server.hall import Hall
from talkover.v1 import admin_pb2, admin_pb2_grpc

Context: TypeAlias = "aio.ServicerContext[Any, Any]"


class AdminService(admin_pb2_grpc.AdminServicer):
    """Status and bundles.

    Args:
        hall: Whose status.
        store: Where bundles lie.
        settings: Limits to report.
    """

    def __init__(self, hall: Hall, store: BundleStore, settings: Settings) -> None:
        self._hall = hall
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
            bundle_id=self._hall.parts().bundle_id,
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
        current = self._hall.parts().bundle_id
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
