"""The gRPC server: services, health, limits."""

from typing import Final

import structlog
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from talkover.core.bundles import BundleStore
from talkover.core.errors import ConfigError
from talkover.core.settings import Settings
from talkover.server.hall import Hall
from talkover.server.swap.operator import Operator
from talkover.server.transports.grpc.admin import AdminService
from talkover.server.transports.grpc.agent import AgentService
from talkover.server.transports.grpc.auth import TokenInterceptor
from talkover.v1 import admin_pb2_grpc, agent_pb2_grpc

_SERVICES: Final = ("talkover.v1.Agent", "talkover.v1.Admin")
_MAX_REQUEST: Final = 4 << 20
"""30 s of PCM16 at 48 kHz is 2.9 MB; the gate bounds each kind further."""

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MAX_REQUEST),
    ("grpc.max_send_message_length", _MAX_REQUEST),
    ("grpc.max_metadata_size", 16 << 10),
    # A caller who vanished without a word is noticed within half a minute.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    # What a caller sends ahead of its time waits with the caller: the window does not grow.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 256 << 10),
)

log = structlog.get_logger()


class GrpcServer:
    """Answers callers over gRPC.

    Args:
        hall: Where sessions live.
        operator: Of the weights, for Admin.
        store: Bundles, for Admin.
        settings: Address and limits.
        token: What callers must bring; None: nothing.
    """

    def __init__(
        self,
        hall: Hall,
        operator: Operator,
        store: BundleStore,
        settings: Settings,
        token: str | None,
    ) -> None:
        self._settings = settings
        interceptors = [TokenInterceptor(token)] if token else []
        limit = ("grpc.max_concurrent_streams", settings.server.max_sessions + 16)
        # Workers share the port; a second server on it must fail.
        shared = ("grpc.so_reuseport", int(settings.server.workers > 1))
        self._server = aio.server(interceptors=interceptors, options=[*_OPTIONS, limit, shared])
        self._health = health.aio.HealthServicer()
        agent_pb2_grpc.add_AgentServicer_to_server(AgentService(hall, settings), self._server)
        admin_pb2_grpc.add_AdminServicer_to_server(
            AdminService(hall, operator, store, settings), self._server
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.server.reflection:
            reflection.enable_server_reflection(
                (*_SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
            )

    async def start(self) -> int:
        """Listen, say SERVING, and return the port.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        server = self._settings.server
        host = f"[{server.host}]" if ":" in server.host else server.host
        try:
            port = self._server.add_insecure_port(f"{host}:{server.port}")
        except RuntimeError:
            raise ConfigError(
                f"cannot listen on {host}:{server.port}; is another server there? "
                "Choose another with --port"
            ) from None
        await self._server.start()
        await self._report(health_pb2.HealthCheckResponse.SERVING)
        return port

    async def refuse(self) -> None:
        """Say NOT_SERVING, so that nobody new is sent here."""
        await self._report(health_pb2.HealthCheckResponse.NOT_SERVING)

    async def stop(self, grace: float) -> None:
        """Close the port and, after ``grace`` seconds, what still hangs on it."""
        await self._server.stop(grace)

    async def _report(self, status: int) -> None:
        for name in ("", *_SERVICES):
            await self._health.set(name, status)
