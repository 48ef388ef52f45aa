"""Addresses, channels, credentials, and what a gRPC status means to a caller."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

import grpc
from grpc import aio

from talkover.core.errors import CallError, ConfigError

DEFAULT_URL: Final = "grpc://127.0.0.1:8640"
"""Where ``talkover serve`` listens unless told otherwise."""

_LARGEST_MESSAGE: Final = 1 << 20  # bytes; events are far smaller, and nobody may fill our memory
_LONGEST_DETAILS: Final = 300
_TOLD: Final = re.compile(r"(?P<code>[A-Z][A-Z_]+): (?P<cure>.+)")
"""A status of our servers: a code of ``talkover.core.errors`` and what to do."""


def failure(code: str, message: str) -> CallError:
    """A ``CallError`` with the code that fits, which may be the server's."""
    error = CallError(message)
    error.code = code  # type: ignore[misc]  # one class, and the code tells the failures apart
    return error


def open_channel(url: str) -> aio.Channel:
    """A channel to a server; nothing is sent yet.

    Args:
        url: ``grpc://host:port``, ``grpcs://host:port`` (TLS, checked against the roots that gRPC
            finds; ``GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`` names others), or ``host:port``, which is
            the first.

    Raises:
        ConfigError: it is none of these.
    """
    target, secure, loopback = _parse(url)
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.enable_retries", 0),  # retries are ours, and end when a session has opened
        ("grpc.use_local_subchannel_pool", 1),  # each attempt connects afresh, without gRPC's wait
        ("grpc.enable_http_proxy", int(not loopback)),
        ("grpc.keepalive_time_ms", 20_000),  # a dead peer is noticed; servers allow one in 10 s
        ("grpc.keepalive_timeout_ms", 10_000),
    ]
    if secure:
        return aio.secure_channel(target, grpc.ssl_channel_credentials(), options=options)
    return aio.insecure_channel(target, options=options)


def _parse(url: str) -> tuple[str, bool, bool]:
    """Target, whether TLS, whether on this machine."""
    parts = urlsplit(url if "://" in url else f"grpc://{url}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in {"grpc", "grpcs"} or not host or not port or extra:
        raise ConfigError(
            "the server's address is not one of grpc://host:port, grpcs://host:port, host:port"
        )
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return (f"[{host}]" if ":" in host else host) + f":{port}", parts.scheme == "grpcs", loopback


def credentials(token: str | None) -> tuple[tuple[str, str], ...]:
    """Request metadata that carries the token, if there is one."""
    return (("authorization", f"Bearer {token}"),) if token else ()


_LOST_ANSWER: Final = "Internal error from Core"
"""gRPC's own words when a refusal overtakes the request that is being written: it is lost, and
asking again brings it."""


def from_status(error: aio.AioRpcError, url: str, *, opened: bool) -> CallError:
    """What a failed RPC means to a caller: in the server's own words, if it has any.

    Args:
        error: What gRPC raised.
        url: Of the server, for the message.
        opened: The session had begun.
    """
    status = error.code()
    details = " ".join((error.details() or "").split())[:_LONGEST_DETAILS]
    lost = status is grpc.StatusCode.INTERNAL and details.startswith(_LOST_ANSWER)
    if (status is grpc.StatusCode.UNAVAILABLE or lost) and not opened:
        return failure(
            "UNREACHABLE", f"no server answers at {url}; start one (talkover serve) or pass --url"
        )
    if told := _TOLD.fullmatch(details):
        return failure(told["code"], told["cure"])
    code, cure = _CURES.get(status, ("INTERNAL", "see the server's log"))
    return failure(code, f"{cure} ({details})" if details else cure)


_PROTOCOL: Final = (
    "PROTOCOL",
    "the server refused what was sent; use the same release on both ends",
)
_CURES: Final[dict[grpc.StatusCode, tuple[str, str]]] = {
    grpc.StatusCode.UNAVAILABLE: (
        "LOST",
        "the connection broke and the session with it; call again",
    ),
    grpc.StatusCode.UNAUTHENTICATED: (
        "TOKEN",
        "the server refused the token; pass the one that it printed (--token)",
    ),
    grpc.StatusCode.PERMISSION_DENIED: (
        "TOKEN",
        "the token does not allow this; ask the operator for another (--token)",
    ),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        "FULL",
        "the server has no room now; try again in a while",
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        "TIMEOUT",
        "the server took too long; it is overloaded, or a firewall swallows the answer",
    ),
    grpc.StatusCode.CANCELLED: ("CANCELLED", "the server ended the call; call again"),
    grpc.StatusCode.INVALID_ARGUMENT: _PROTOCOL,
    grpc.StatusCode.FAILED_PRECONDITION: _PROTOCOL,
    grpc.StatusCode.OUT_OF_RANGE: _PROTOCOL,
    grpc.StatusCode.UNIMPLEMENTED: _PROTOCOL,
}
