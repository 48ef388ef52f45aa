"""The front: passes HTTP to the workers and remembers, by the address, which has which call."""

import asyncio
from pathlib import Path
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from talkover.core.errors import ConfigError
from talkover.core.settings import Settings

_LARGEST: Final = 128 << 10
_SECONDS: Final = 20.0
_PASSED_ON: Final = ("Content-Type", "Authorization", "Origin", "Host")
_PASSED_BACK_NOT: Final = frozenset({"content-length", "transfer-encoding", "connection", "date"})

log = structlog.get_logger()


class Front:
    """What browsers connect to when there are several workers.

    New calls go to the workers in turn; if one cannot take a call, the next is asked.

    Args:
        settings: Address.
        sockets: Of the workers' HTTP sides.
    """

    def __init__(self, settings: Settings, sockets: list[Path]) -> None:
        self._settings = settings
        self._clients = [
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(path)),
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                auto_decompress=False,
            )
            for path in sockets
        ]
        self._next = 0
        self.draining = False
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_post("/whip", self._open)
        app.router.add_route("*", "/whip/{worker:[0-9]+}-{peer}", self._pass_on)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_route("*", "/{path:.*}", self._any)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        server = self._settings.server
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, server.host, server.http_port).start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {server.host}:{server.http_port} ({error.strerror}); is another "
                "server there? Choose another with --http-port"
            ) from None
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Close the port."""
        await self._runner.cleanup()
        for client in self._clients:
            await client.close()

    async def _open(self, request: web.Request) -> web.StreamResponse:
        """Offer a call to one worker after the other."""
        body = await request.read()
        count = len(self._clients)
        begin, self._next = self._next, (self._next + 1) % count
        answer = _down()
        for place in range(count):
            worker = (begin + place) % count
            answer = await self._ask(worker, request, "/whip", body)
            if answer.status == web.HTTPCreated.status_code:
                peer = answer.headers["Location"].rpartition("/")[2]
                answer.headers["Location"] = f"/whip/{worker}-{peer}"
                return answer
            if answer.status < web.HTTPInternalServerError.status_code:
                return answer
        return answer

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        worker = int(request.match_info["worker"][:4])
        if worker >= len(self._clients):
            return web.json_response(
                {"code": "PROTOCOL", "message": "there is no such call"}, status=404
            )
        path = f"/whip/{request.match_info['peer']}"
        return await self._ask(worker, request, path, await request.read())

    async def _any(self, request: web.Request) -> web.StreamResponse:
        answer = _down()
        for worker in range(len(self._clients)):
            answer = await self._ask(worker, request, request.path, await request.read())
            if answer.status != _down().status:
                break
        return answer

    async def _ask(self, worker: int, request: web.Request, path: str, body: bytes) -> web.Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        try:
            async with self._clients[worker].request(
                request.method, f"http://worker{path}", data=body, headers=headers
            ) as answer:
                kept = {
                    name: value
                    for name, value in answer.headers.items()
                    if name.lower() not in _PASSED_BACK_NOT
                }
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("front.no_answer", worker=worker, error=type(error).__name__)
            return _down()

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        answers = await asyncio.gather(
            *(self._ask(w, request, "/readyz", b"") for w in range(len(self._clients)))
        )
        ready = sum(answer.status == web.HTTPOk.status_code for answer in answers)
        good = ready > 0 and not self.draining
        status = {"status": "ready" if good else "draining", "workers": ready}
        return web.json_response(status, status=200 if good else 503)

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        """All workers' metrics, each sample with the worker it is from."""
        lines: list[str] = []
        described: set[str] = set()
        for worker in range(len(self._clients)):
            answer = await self._ask(worker, request, "/metrics", b"")
            if answer.status != web.HTTPOk.status_code:
                continue
            text = bytes(answer.body).decode() if isinstance(answer.body, bytes) else ""
            for family in text_string_to_metric_families(text):
                if family.name not in described:
                    described.add(family.name)
                    lines.append(f"# HELP {family.name} {family.documentation}")
                    lines.append(f"# TYPE {family.name} {family.type}")
                for sample in family.samples:
                    labels = {**sample.labels, "worker": str(worker)}
                    named = ",".join(f'{name}="{value}"' for name, value in labels.items())
                    lines.append(f"{sample.name}{{{named}}} {sample.value}")
        return web.Response(text="\n".join(lines) + "\n")


def _down() -> web.Response:
    return web.json_response(
        {"code": "BUSY", "message": "no worker answers; try again"}, status=502
    )
