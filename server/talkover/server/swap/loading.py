"""A bundle becomes the models that a turn runs on, off the audio path.

ONNX Runtime lets go of the interpreter while it reads a graph, so threads do: measured with 1.32 on
two cores, building any session of a bundle held the event loop for 9 ms at most, and taking one
down for 20. What held it for 90 to 140 was the parsing of vocabularies: see ``tokenizer_files``.
Whoever answers calls meanwhile goes first: what is built has the lowest priority until it serves.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from talkover.core.bundles import Manifest
from talkover.core.listener import ListenerRuntime
from talkover.core.onnx.providers import available, choose_providers
from talkover.core.settings import Settings
from talkover.core.weights.catalog import Role
from talkover.server.evidence import Witness
from talkover.server.inference import Seat, Worker
from talkover.server.parts import Parts
from talkover.server.swap.building import Builder
from talkover.server.swap.pool import Build, Pool, part_key

T = TypeVar("T")
Patience = Callable[[], Awaitable[None]]
"""Waits until nobody's call would notice that something is built."""

log = structlog.get_logger()


async def at_once() -> None:
    """Nobody calls yet."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A bundle in memory.

    Attributes:
        parts: What turns run on.
        listener: The same listener, for those who ask the model itself.
        keys: Of the parts, in the pool.
        fresh: Roles that had to be built for it.
        workers: Of those.
    """

    parts: Parts
    listener: Seat[ListenerRuntime]
    keys: tuple[str, ...]
    fresh: tuple[Role, ...]
    workers: tuple[Worker, ...]

    def rise(self) -> None:
        """Callers wait for it from now on."""
        for worker in self.workers:
            worker.rise()


class Loader:
    """Loads bundles, and gives their memory back.

    Args:
        settings: What models run on.

    Raises:
        ConfigError: that is not there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._providers = choose_providers(settings.models.providers, available())
        self._pool = Pool()

    async def load(self, folder: Path, manifest: Manifest, patience: Patience = at_once) -> Loaded:
        """Load what no other bundle in memory has, each part on a worker of its own.

        Args:
            folder: Of the bundle, verified.
            manifest: Its own.
            patience: Asked before each part that must be built.

        Raises:
            BundleError: a part cannot be loaded; then nothing stays.
            ConfigError: it would run without a provider that was asked for.
        """
        build = Builder(folder, self._settings, self._providers)
        keys: list[str] = []
        fresh: list[Role] = []

        async def part(role: Role, make: Build[T]) -> T:
            own = role != "brain" or self._settings.brain.of_the_bundle
            key = part_key(manifest, role) if own else "brain:settings"
            if key not in self._pool:
                fresh.append(role)
                await patience()
            held = await self._pool.hold(key, make)
            keys.append(key)
            return held

        try:
            listener, seat = await part("listener", build.listener)
            brain = await part("brain", build.brain)
            voice = await part("voice", build.voice)
            voices = await part("vad", build.voices)
            witness = Witness(
                await part("speaker", build.speaker),
                await part("ending", build.ending),
                await part("overlap", build.overlap),
            )
            seer = await part("seer", build.seer)
        except BaseException:
            await self._let_go(keys)
            raise
        log.info(
            "models.loaded",
            bundle=manifest.id,
            providers=list(self._providers),
            listener_variant=seat.model.variant,
            threads=self._settings.models.threads,
            witness=witness.parts,
            seer=seer is not None,
            fresh=fresh,
        )
        parts = Parts(manifest.id, voices, listener, witness, brain, voice, seer)
        return Loaded(parts, seat, tuple(keys), tuple(fresh), tuple(build.workers))

    async def unload(self, loaded: Loaded) -> None:
        """Take down what no other bundle has; whoever waits for a part of it is cancelled."""
        await self._let_go(loaded.keys)

    async def _let_go(self, keys: tuple[str, ...] | list[str]) -> None:
        for key in reversed(keys):
            await self._pool.let_go(key)
