"""Batches to learn from: examples of several sources at their shares, on windows that are drawn.

What comes next depends on the recipe, the seed, the rank and a few integers alone: not on workers,
nor on how often training was killed before.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import FRAME, RATE
from talkover.core.closing import Closing
from talkover.core.errors import DataError
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.streaming.stream import Stream
from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.sources import open_source
from talkover.trainer.stages.tables import DataSettings, SourceSettings

_SOURCE: Final = 0  # of all draws, these
_WINDOW: Final = 1
_SKIPPED: Final = 1_000
"""Examples in a row that are too long: then nothing else can be hoped for."""


@dataclass(frozen=True, slots=True, eq=False)
class Fed:
    """Some examples that are heard at once.

    Attributes:
        examples: Those without words were not written down, or are to be learnt otherwise.
        window: That all are shown, in samples.
        shortest: Window that a part of them may be shown; None: that of all.
    """

    examples: tuple[Example, ...]
    window: int
    shortest: int | None = None

    @property
    def sounds(self) -> list[NDArray[np.float32]]:
        """float32 [n] each."""
        return [one.pcm for one in self.examples]

    @property
    def languages(self) -> list[str]:
        """That the listener is told."""
        return [one.language for one in self.examples]

    def parts(self, size: int) -> Iterator["Fed"]:
        """A few examples at a time."""
        for at in range(0, len(self.examples), size):
            yield self.part(at, at + size)

    def part(self, start: int, stop: int) -> "Fed":
        """Some of them.

        Where a shorter window may be shown, it is: what follows the longest of them is then as long
        as what follows the longest of all, for silence costs as much as speech does.
        """
        some = self.examples[start:stop]
        if self.shortest is None:
            return Fed(some, self.window)
        spare = max(len(one.pcm) for one in self.examples) - max(len(one.pcm) for one in some)
        window = max(self.window - spare // FRAME * FRAME, self.shortest)
        return Fed(some, min(window, self.window))


class Feed(Closing):
    """Gives batches without end, for one rank.

    Args:
        data: What is heard.
        seed: Of all that is drawn.
        rank: Which of ``ranks``.
        ranks: That share it; each hears other examples.
        written: Leave out the sources whose words are not to be learnt.

    Raises:
        ConfigError: there are no recordings of people on this machine.
        DataError: a source cannot be used, or none remains.
    """

    def __init__(
        self,
        data: DataSettings,
        *,
        seed: int = 0,
        rank: int = 0,
        ranks: int = 1,
        written: bool = False,
    ) -> None:
        named = {
            name: one for name, one in sorted(data.sources.items()) if not (written and one.distil)
        }
        if not named:
            raise DataError("no source of [data] has words to learn from; add one without distil")
        self._settings: list[SourceSettings] = list(named.values())
        self._names = list(named)
        self._longest = round(data.longest * RATE)
        self._seeds = (seed, rank)
        self._streams = [
            Stream(
                open_source(one, seed=seed), seed=seed, rank=rank, ranks=ranks, workers=data.workers
            )
            for one in self._settings
        ]
        self._open: dict[int, Iterator[Made]] = {}
        shares = np.array([one.share for one in self._settings])
        self._shares = shares / shares.sum()
        self._drawn = self._batches = 0

    def take(self, size: int, windows: Windows) -> Fed:
        """The next batch, short examples before long ones.

        Args:
            size: Examples.
            windows: From which theirs is drawn.

        Raises:
            DataError: an example cannot be made, or all are too long.
        """
        drawn = (self._next() for _ in range(size))
        examples = tuple(sorted(drawn, key=lambda one: len(one.pcm)))
        random = np.random.default_rng([*self._seeds, self._batches, _WINDOW])
        self._batches += 1
        return Fed(examples, windows.draw(len(examples[-1].pcm), random), windows.shortest)

    def state_dict(self) -> dict[str, int]:
        """Where it is: all that it takes to go on."""
        steps = {
            f"source {name}": stream.state_dict()["step"]
            for name, stream in zip(self._names, self._streams, strict=True)
        }
        return {"drawn": self._drawn, "batches": self._batches, **steps}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go to where another feed of the same data, seed and rank was.

        Raises:
            DataError: it was of other sources.
        """
        if set(state) != set(self.state_dict()):
            raise DataError("the state is of a feed with other sources; start the run anew")
        self._end()
        self._drawn, self._batches = state["drawn"], state["batches"]
        for name, stream in zip(self._names, self._streams, strict=True):
            stream.load_state_dict({**stream.state_dict(), "step": state[f"source {name}"]})

    def go_past(self, state: Mapping[str, int]) -> None:
        """Begin with what another feed of the same seed and rank has not heard of its sources."""
        mine = self.state_dict()
        self.load_state_dict({**mine, **{name: state[name] for name in mine if name in state}})

    def close(self) -> None:
        """End what its sources started."""
        self._end()
        with ExitStack() as stack:
            for stream in self._streams:
                stack.callback(stream.close)

    def _next(self) -> Example:
        for _ in range(_SKIPPED):
            random = np.random.default_rng([*self._seeds, self._drawn, _SOURCE])
            self._drawn += 1
            place = int(random.choice(len(self._shares), p=self._shares))
            if place not in self._open:
                self._open[place] = iter(self._streams[place])
            settings = self._settings[place]
            example = Example.of(next(self._open[place]), trust=settings.trust)
            if 0 < len(example.pcm) <= self._longest:
                if settings.distil:
                    return replace(example, words=(), text="")
                return replace(example, silent=settings.wordless)
        raise DataError(
            f"{_SKIPPED} examples in a row are longer than {self._longest / RATE:g} s; raise "
            "longest under [data], or cut them"
        )

    def _end(self) -> None:
        """Workers end with their loop."""
        for stream in self._open.values():
            if hasattr(stream, "close"):
                stream.close()
        self._open.clear()
