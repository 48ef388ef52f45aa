"""The generations of a process: loaded, given to sessions, compared, swapped, freed."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import structlog

from talkover.server.memory import trim
from talkover.server.parts import Parts
from talkover.server.swap.corrections import Corrections
from talkover.server.swap.generation import Generation, Goal, State, Verdict
from talkover.server.swap.generations import Generations
from talkover.server.swap.lease import Lease
from talkover.server.swap.loading import Loaded, Loader
from talkover.server.swap.nursery import Nursery
from talkover.server.swap.policy import SwapPolicy
from talkover.server.swap.shadow import LiveTurn, Shadow
from talkover.server.swap.shelf import Shelf
from talkover.server.swap.signs import Compared, TurnSigns

_LOOK: Final = 0.1  # seconds
_PATIENCE: Final = 1.0  # seconds that a step of a swap waits for quiet

log = structlog.get_logger()


class House:
    """Everything that holds models.

    Args:
        shelf: Where bundles lie.
        loader: Loads them.
        first: Served first.
        policy: How careful a swap is.

    Attributes:
        generations: Who decides.
        corrections: What callers say was misheard.
        on_verdict: Told what the live signs decided.
        listeners: Told of a generation whose state changed, and what it was before.
    """

    def __init__(
        self, shelf: Shelf, loader: Loader, first: Loaded, policy: SwapPolicy | None = None
    ) -> None:
        self.generations = Generations(first.parts.bundle_id, time.monotonic(), policy)
        self.corrections = Corrections()
        self.on_verdict: Callable[[Verdict], None] = lambda _: None
        self.listeners: list[Callable[[Generation, State], None]] = []
        self._loader = loader
        self._loaded = {self.generations.current.number: first}
        first.rise()
        self._nursery = Nursery(self.generations, shelf, loader, self._quiet, self._keep)
        self._tasks: set[asyncio.Task[None]] = set()
        self._shadow: tuple[Generation, Shadow, asyncio.Task[None]] | None = None
        self._seen = {self.generations.current.number: State.CURRENT}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Swap as long as the block lasts; then all models are given back."""
        self._spawn(self._run(), "swap")
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for loaded in self._loaded.values():
                await self._loader.unload(loaded)
            self._loaded.clear()

    # For sessions

    @property
    def version(self) -> int:
        """See ``Landlord``."""
        return self.generations.version

    @property
    def parts(self) -> Parts:
        """Of the generation that is current."""
        return self._loaded[self.generations.current.number].parts

    def choose(self, session: str) -> Generation:
        """See ``Landlord``."""
        return self.generations.choose(session)

    def lease(self, session: str) -> Lease:
        """See ``Landlord``."""
        return self.extend(self.generations.choose(session))

    def extend(self, generation: Generation) -> Lease:
        """See ``Landlord``."""
        generation.take()
        parts = self._loaded[generation.number].parts
        return Lease(generation, parts, generation.give)

    def turn_over(self, generation: Generation, signs: TurnSigns) -> None:
        """See ``Landlord``."""
        self.generations.turn_over(generation, signs)

    def turn_proves(self, generation: Generation, kind: str) -> None:
        """See ``Landlord``."""
        self.generations.turn_proves(generation, kind)

    @property
    def shadowing(self) -> bool:
        """See ``Landlord``."""
        return self._shadow is not None

    def shadow(self, turn: LiveTurn) -> None:
        """See ``Landlord``."""
        if self._shadow is not None:
            self._shadow[1].put(turn)

    # For operators and announcements

    def offer(
        self,
        bundle: str,
        goal: Goal,
        *,
        share: float | None = None,
        why: str = "",
        known: bool = False,
    ) -> Generation:
        """Begin to swap a bundle in. Returns at once.

        Args:
            bundle: Its id.
            goal: How far it shall go.
            share: Of the sessions, as a canary.
            why: Of a promotion.
            known: It needs no signature: it was served before, or whoever runs this machine
                chose it.

        Returns:
            The generation that it is or will be.
        """
        made = self.generations.offer(bundle, goal, time.monotonic(), share, why)
        if made is not None:
            self._spawn(self._nursery.raise_up(made, known=known), f"load-{made.number}")
            return made
        return self.generations.coming(bundle) or self.generations.current

    def drop(self, reason: str) -> bool:
        """Whatever is on its way is not wanted any more; False: there was nothing."""
        return self.generations.drop(reason, time.monotonic())

    async def settled(self, generation: Generation) -> Generation:
        """Wait until it is loaded and checked, or refused."""
        while generation.state in (State.LOADING, State.WARMED):  # noqa: ASYNC110 - it knows no event
            await asyncio.sleep(_LOOK / 5)
        return generation

    async def after(self, version: int) -> int:
        """Wait until anything is other than it was at ``version``; the version now."""
        while self.generations.version == version:  # noqa: ASYNC110 - it knows no event
            await asyncio.sleep(_LOOK)
        return self.generations.version

    # What goes on by itself

    async def _run(self) -> None:
        while True:
            verdict = self.generations.decide(time.monotonic())
            if verdict is not None:
                self.on_verdict(verdict)
            self._tell_changes()
            await self._tend_shadow()
            for generation in self.generations.freeable():
                await self._free(generation)
            await asyncio.sleep(_LOOK)

    def _tell_changes(self) -> None:
        for one in self.generations.all():
            before = self._seen.get(one.number, State.LOADING)
            if before is not one.state:
                log.info("swap.state", bundle=one.bundle, state=one.state.value, reason=one.reason)
                for listener in self.listeners:
                    listener(one, before)
            self._seen[one.number] = one.state

    async def _tend_shadow(self) -> None:
        candidate = self.generations.candidate
        wanted = candidate if candidate and candidate.state is State.SHADOW else None
        if self._shadow is not None and self._shadow[0] is not wanted:
            generation, _, task = self._shadow
            self._shadow = None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            generation.give()
        if wanted is not None and self._shadow is None:
            wanted.take()
            listener = self._loaded[wanted.number].parts.listener

            def tell(compared: Compared) -> None:
                self.generations.compared(wanted, compared)

            shadow = Shadow(listener, self.parts.listener, tell)
            self._shadow = wanted, shadow, self._spawn(shadow.run(), "shadow")

    async def _free(self, generation: Generation) -> None:
        self.generations.freed(generation, time.monotonic())  # from here on nobody calls it back
        loaded = self._loaded.pop(generation.number, None)
        if loaded is not None:
            await self._loader.unload(loaded)
            del loaded
            await trim()

    async def _quiet(self) -> None:
        """Wait, for a while, until the listener is idle: a swap has time, and callers have none."""
        await self.parts.listener.rest(_PATIENCE)

    def _keep(self, generation: Generation, loaded: Loaded) -> None:
        self._loaded[generation.number] = loaded
        loaded.rise()
        if loaded.parts.listener is self.parts.listener:
            # It hears as callers are heard already: the shadow would show nothing.
            generation.goal = max(generation.goal, Goal.CANARY)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("swap.stopped", task=task.get_name(), exc_info=error)
