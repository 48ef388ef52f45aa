"""The HTTP side: the page, signalling in the shape of WHIP (RFC 9725), health and metrics."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from talkover.core.errors import AdmissionError, BusyError, ConfigError, TalkoverError
from talkover.core.settings import Settings
from talkover.server.hall import Hall
from talkover.server.observing import Metrics
from talkover.server.swap.operator import Operator
from talkover.server.transports.webrtc.files import kind_of, read_page
from talkover.server.transports.webrtc.offer import MAX_BYTES, Offer, check_offer
from talkover.server.transports.webrtc.peer import Peer

_OFFERS_A_SECOND: Final = 10.0
_BURST: Final = 40.0
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_GUARDED: Final = ("/whip", "/generations", "/learning")
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Permissions-Policy": "microphone=(self), camera=(self), display-capture=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


class _Rate:
    """A token bucket over all callers together."""

    def __init__(self) -> None:
        self._left = _BURST
        self._at = time.monotonic()

    def take(self) -> None:
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * _OFFERS_A_SECOND)
        self._at = now
        if self._left < 1:
            raise BusyError("too many offers; wait a second")
        self._left -= 1


class HttpServer:
    """Serves the page and answers offers.

    Args:
        hall: Where sessions live.
        settings: Address and limits.
        token: What callers must bring; None: nothing.
        metrics: What ``/metrics`` shows.
        operator: Of the weights, for the page.
    """

    def __init__(
        self,
        hall: Hall,
        settings: Settings,
        token: str | None,
        metrics: Metrics,
        operator: Operator,
    ) -> None:
        self._hall = hall
        self._operator = operator
        self._settings = settings
        self._token = token
        self._metrics = metrics
        self._peers: dict[str, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._rate = _Rate()
        self._page = read_page()
        app = web.Application(client_max_size=MAX_BYTES + 1_024, middlewares=[self._guard])
        app.router.add_get("/", self._serve_index)
        app.router.add_get("/static/{name}", self._serve_static)
        app.router.add_get("/config.json", self._serve_config)
        app.router.add_post("/whip", self._take_offer)
        app.router.add_patch("/whip/{peer}", self._take_candidates)
        app.router.add_delete("/whip/{peer}", self._hang_up)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._serve_metrics)
        app.router.add_get("/generations", self._serve_generations)
        app.router.add_get("/learning", self._serve_learning)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, socket: Path | None = None) -> int:
        """Listen, and return the port; 0 when it is a socket of the file system instead.

        Args:
            socket: Where a front of ours asks.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        server = self._settings.server
        await self._runner.setup()
        if socket is not None:
            await web.UnixSite(self._runner, str(socket)).start()
            return 0
        site = web.TCPSite(self._runner, server.host, server.http_port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {server.host}:{server.http_port} ({error.strerror}); is another "
                "server there? Choose another with --http-port"
            ) from None
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Close the port and end what still hangs on it."""
        for peer in self._peers.values():
            peer.hang_up()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._runner.cleanup()

    # What comes in

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Judge where a request comes from, and turn errors into answers."""
        try:
            if request.path.startswith(_GUARDED):
                self._check_origin(request)
                self._check_token(request)
            response = await handler(request)
        except _RefusedError as refused:
            response = _problem(refused.status, refused.code, str(refused))
        except web.HTTPRequestEntityTooLarge:
            response = _problem(413, "PROTOCOL", f"an offer over {MAX_BYTES} bytes")
        except AdmissionError as error:
            response = _problem(503, error.code, str(error))
            response.headers["Retry-After"] = "5"
        except BusyError as error:
            response = _problem(429, error.code, str(error))
        except TalkoverError as error:
            response = _problem(400, error.code, str(error))
        response.headers.update(_HEADERS)
        return response

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        own = (f"http://{request.host}", f"https://{request.host}")
        if origin is not None and origin not in (*own, *self._settings.server.origins):
            raise _RefusedError(403, "ORIGIN", "pages of this origin may not call; see origins")

    def _check_token(self, request: web.Request) -> None:
        if self._token is None:
            return
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            raise _RefusedError(401, "TOKEN", "missing or wrong token; the server printed it")

    async def _take_offer(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/sdp":
            raise _RefusedError(415, "PROTOCOL", "send the offer as application/sdp")
        self._rate.take()
        server = self._settings.server
        offer = check_offer(await request.read(), private_candidates=server.private_candidates)
        place = self._hall.hold()
        try:
            peer = Peer(
                self._hall,
                place,
                server.ice_servers,
                private_candidates=server.private_candidates,
            )
            task = asyncio.create_task(self._keep(peer), name=f"peer-{peer.id[:6]}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            answer = await self._answer(peer, task, offer)
        except BaseException:
            place.release()
            raise
        return web.Response(
            status=201,
            text=answer,
            content_type="application/sdp",
            headers={"Location": f"/whip/{peer.id}"},
        )

    @staticmethod
    async def _answer(peer: Peer, task: "asyncio.Task[None]", offer: Offer) -> str:
        try:
            return await peer.answer(offer)
        except BaseException:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise

    async def _keep(self, peer: Peer) -> None:
        self._peers[peer.id] = peer
        try:
            await peer.run()
        finally:
            self._peers.pop(peer.id, None)

    async def _take_candidates(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/trickle-ice-sdpfrag":
            raise _RefusedError(415, "PROTOCOL", "send application/trickle-ice-sdpfrag")
        await self._peer(request).trickle(await request.text())
        return web.Response(status=204)

    async def _hang_up(self, request: web.Request) -> web.StreamResponse:
        self._peer(request).hang_up()
        return web.Response()

    def _peer(self, request: web.Request) -> Peer:
        peer = self._peers.get(request.match_info["peer"])
        if peer is None:
            raise _RefusedError(404, "PROTOCOL", "there is no such call; it may be over")
        return peer

    # What goes out

    async def _serve_index(self, request: web.Request) -> web.StreamResponse:
        del request
        return self._file("index.html")

    async def _serve_static(self, request: web.Request) -> web.StreamResponse:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.StreamResponse:
        body = self._page.get(name)
        if body is None:
            return _problem(404, "PROTOCOL", "there is no such file")
        return web.Response(body=body, content_type=kind_of(name), charset="utf-8")

    async def _serve_config(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response(
            {
                "token_required": self._token is not None,
                "ice_servers": list(self._settings.server.ice_servers),
                "languages": list(self._settings.models.languages),
                "version": version("talkover"),
            }
        )

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response({"status": "alive"})

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        del request
        ready = not self._hall.draining
        status = {"status": "ready" if ready else "draining"}
        return web.json_response(status, status=200 if ready else 503)

    async def _serve_generations(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response([asdict(view) for view in self._operator.views()])

    async def _serve_learning(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response(self._hall.house.corrections.to_json())

    async def _serve_metrics(self, request: web.Request) -> web.StreamResponse:
        del request
        text = generate_latest(self._metrics.registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def _problem(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
