"""The bearer token, checked before any handler runs."""

from __future__ import annotations  # grpc's classes are generic to type checkers only

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc
from grpc import aio

_OPEN: Final = "/grpc.health.v1.Health/"
"""Probes carry no token, and learn nothing but that the server is up."""


_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class TokenInterceptor(aio.ServerInterceptor):
    """Refuses calls without ``authorization: Bearer TOKEN``.

    Args:
        token: What callers must bring.
    """

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

        async def refuse(_request: Any, context: aio.ServicerContext[Any, Any]) -> None:
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED,
                "TOKEN: missing or wrong bearer token; the server printed it when it started",
            )

        async def refuse_stream(_requests: Any, context: aio.ServicerContext[Any, Any]) -> None:
            await refuse(None, context)

        self._refuse_unary: _Handler = grpc.unary_unary_rpc_method_handler(refuse)
        self._refuse_stream: _Handler = grpc.stream_stream_rpc_method_handler(refuse_stream)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Let the call through, or swap its handler for a refusal."""
        method = handler_call_details.method
        if method.startswith(_OPEN) or self._admits(handler_call_details.invocation_metadata):
            return await continuation(handler_call_details)
        return self._refuse_stream if method.endswith("/Converse") else self._refuse_unary

    def _admits(self, metadata: Any) -> bool:
        given = dict(metadata or ()).get("authorization", "")
        value = given if isinstance(given, bytes) else given.encode()
        return hmac.compare_digest(value, self._expected)
