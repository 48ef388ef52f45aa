"""The page in a real browser, served without an agent behind it."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiohttp import web

PAGE = Path(next(iter(find_spec("talkover.client").submodule_search_locations))) / "web"
POLICY = (
    "default-src 'self'; connect-src 'self'; media-src 'self' blob:; "
    "img-src 'self' data: blob:; style-src 'self'; script-src 'self'"
)
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
FLAGS = (
    *("--no-sandbox", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--autoplay-policy=no-user-gesture-required"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)


@dataclass
class Site:
    """Where the page is, what it is told, and the offers that it made."""

    url: str = ""
    token_required: bool = False
    refusal: tuple[int, str] = (503, "FULL")
    generations: list[dict[str, object]] = field(default_factory=list)
    learning: list[dict[str, object]] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    """What each look at weights and at what is learnt came with, as authorization."""
    offers: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


class _Server:
    """aiohttp on a thread of its own: Playwright's synchronous half blocks the test's."""

    def __init__(self) -> None:
        self.site = Site()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="page")
        self._thread.start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._file)
        app.router.add_get("/static/{name}", self._file)
        app.router.add_get("/config.json", self._config)
        app.router.add_get("/generations", self._generations)
        app.router.add_get("/learning", self._learning)
        app.router.add_post("/whip", self._refuse)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        path = PAGE / request.match_info.get("name", "index.html")
        return web.Response(
            body=path.read_bytes(),
            content_type=TYPES[path.suffix],
            charset="utf-8",
            headers={"Content-Security-Policy": POLICY},
        )

    async def _config(self, request: web.Request) -> web.Response:
        told = {"token_required": self.site.token_required, "ice_servers": [], "version": "1.2.3"}
        return web.json_response({**told, "languages": ["en"]})

    async def _generations(self, request: web.Request) -> web.Response:
        self.site.looked.append(request.headers.get("Authorization", ""))
        return web.json_response(self.site.generations)

    async def _learning(self, request: web.Request) -> web.Response:
        self.site.looked.append(request.headers.get("Authorization", ""))
        return web.json_response(self.site.learning)

    async def _refuse(self, request: web.Request) -> web.Response:
        self.site.offers.append((dict(request.headers), await request.read()))
        status, code = self.site.refusal
        told = {"code": code, "message": "as the test says"}
        return web.json_response(told, status=status, headers={"Retry-After": "7"})

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture(scope="module")
def browser():
    """Chromium with a microphone that is not there."""
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on the path; install your distribution's")
    # For one module only: while it is open a loop runs on this thread, and asyncio tests cannot.
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_server() -> Iterator[_Server]:
    """Serves the page as the agent does, and refuses every call."""
    server = _Server()
    yield server
    server.stop()


@pytest.fixture
def site(page_server: _Server) -> Site:
    """What the page meets; each test finds it fresh."""
    fresh = Site(url=page_server.site.url)
    page_server.site = fresh
    return fresh


@pytest.fixture
def open_page(browser, site: Site):
    """Opens the page; afterwards nothing may have gone wrong that the test did not ask for."""
    wrong: list[str] = []
    contexts = []

    def open_it(*, width=1280, height=800, scheme="light", before="", expected=(), **options):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            permissions=["microphone"],
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text)
                if said.type in ("error", "warning") and not any(e in said.text for e in expected)
                else None
            ),
        )
        if before:
            page.add_init_script(before)
        page.goto(site.url)
        while not page.evaluate("window.talkover !== undefined"):  # the test's timeout ends it
            page.wait_for_timeout(20)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not wrong
