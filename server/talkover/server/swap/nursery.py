"""How a candidate comes to be: verified, loaded, warmed up and checked, one at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

import structlog

from talkover.core.errors import TalkoverError
from talkover.server.inference import run_aside
from talkover.server.swap.checks import check
from talkover.server.swap.generation import Generation, State
from talkover.server.swap.generations import Generations
from talkover.server.swap.loading import Loaded, Loader
from talkover.server.swap.shelf import Shelf

log = structlog.get_logger()


class _UnwantedError(Exception):
    """Something newer was offered meanwhile."""


class Nursery:
    """Loads candidates.

    Args:
        generations: Told how far they are.
        shelf: Where bundles lie.
        loader: Loads them.
        quiet: Waits until nobody's call would notice.
        keep: Given the models of a candidate just before it may be served.
    """

    def __init__(
        self,
        generations: Generations,
        shelf: Shelf,
        loader: Loader,
        quiet: Callable[[], Awaitable[None]],
        keep: Callable[[Generation, Loaded], None],
    ) -> None:
        self._generations = generations
        self._shelf = shelf
        self._loader = loader
        self._quiet = quiet
        self._keep = keep
        self._one = asyncio.Lock()

    async def raise_up(self, generation: Generation, *, known: bool) -> None:
        """Bring a candidate as far as its goal says, or have it say why not.

        Args:
            generation: Being loaded.
            known: It needs no signature.
        """
        try:
            async with self._one:
                await self._build(generation, known=known)
        except _UnwantedError:
            pass  # it retires already, and has no models
        except TalkoverError as error:
            self._generations.failed(generation, str(error), time.monotonic())
        except Exception as error:
            log.exception("swap.bug", bundle=generation.bundle)
            reason = f"it could not be loaded: {type(error).__name__}"
            self._generations.failed(generation, reason, time.monotonic())
        finally:
            generation.building = False

    async def _build(self, generation: Generation, *, known: bool) -> None:
        async def patience() -> None:
            if generation.state not in (State.LOADING, State.WARMED):
                raise _UnwantedError
            await self._quiet()

        await patience()
        times = [time.monotonic()]
        folder, manifest = await run_aside(lambda: self._shelf.take(generation.bundle, known=known))
        times.append(time.monotonic())
        loaded = await self._loader.load(folder, manifest, patience)
        times.append(time.monotonic())
        kept = False
        try:
            if not self._generations.warmed(generation, time.monotonic()):
                raise _UnwantedError
            found = await check(loaded, folder, patience)
            times.append(time.monotonic())
            taken = [round(b - a, 2) for a, b in pairwise(times)]
            log.info("swap.checked", bundle=generation.bundle, found=found, seconds=taken)
            if generation.state is not State.WARMED:
                raise _UnwantedError
            self._keep(generation, loaded)
            kept = self._generations.checked(generation, time.monotonic())
        finally:
            if not kept:
                await self._loader.unload(loaded)
