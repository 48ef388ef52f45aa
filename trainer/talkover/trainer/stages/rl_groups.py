"""One text in several accents, by one voice, in the same noise: what should be heard alike.

Every so many-th batch of the policy gradient is of such texts; the others are those of the feed.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final, Self

import numpy as np

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.clean import clean
from talkover.trainer.data.dirt import Made, dirtied
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.streaming.stream import Stream
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat
from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.feed import Fed, Feed
from talkover.trainer.stages.tables import DataSettings

_FIRST: Final = 50_000_000
"""Texts of a recipe that nothing else comes to; its numbers have no end."""
_SKIPPED: Final = 50
"""Texts in a row that are too long: then nothing else can be hoped for."""


class Alike:
    """Texts of a recipe, each in several of its accents, as the source of a stream.

    eSpeak says them: of all engines it alone has one voice for all accents.

    Args:
        recipe: What they are made of.
        split: Whose voices and sentences.
        together: Accents of a text, at most.
    """

    count = None

    def __init__(self, recipe: Recipe, split: Split, together: int) -> None:
        self._recipe = recipe
        self._split = split
        self._together = self.chunk = min(together, len(recipe.accents))
        self._throat: Throat | None = None

    def __reduce__(self) -> tuple[type[Self], tuple[Recipe, Split, int]]:
        return type(self), (self._recipe, self._split, self._together)

    def accents(self, text: int) -> tuple[str, ...]:
        """In which a text is said."""
        random = np.random.default_rng([self._recipe.seed, text])
        codes = self._recipe.accents
        return tuple(codes[place] for place in random.permutation(len(codes))[: self._together])

    def make(self, number: int, epoch: int) -> Made:
        """Text ``number // together`` in one of its accents; see ``Source``."""
        if self._throat is None:
            self._throat = Throat()
        text, place = divmod(number, self._together)
        code = self.accents(text)[place]
        alone = replace(self._recipe, accents=(code,), patterns=(), guests=())
        said = clean(alone, self._split, _FIRST + text, self._throat)
        made = dirtied(self._recipe, said, (), lambda _number: said.pcm, epoch=epoch)
        return replace(made, clean=replace(said, name=f"{said.name}-{code}"))

    def close(self) -> None:
        """It says no more."""
        if self._throat is not None:
            self._throat.close()
        self._throat = None


class AlikeFeed(Feed):
    """A feed of which each so many-th batch is of texts in several accents.

    Args:
        data: What the other batches are of.
        alike: The texts.
        every: How often; 1: all are.
        seed: Of all that is drawn.
        rank: Which of ``ranks``.
        ranks: That share it.
        written: As for ``Feed``.
    """

    def __init__(
        self,
        data: DataSettings,
        *,
        alike: Alike,
        every: int,
        seed: int = 0,
        rank: int = 0,
        ranks: int = 1,
        written: bool = False,
    ) -> None:
        super().__init__(data, seed=seed, rank=rank, ranks=ranks, written=written)
        self._alike = Stream(alike, seed=seed, rank=rank, ranks=ranks)
        self._together, self._every, self._taken = alike.chunk, every, 0
        self._most = round(data.longest * RATE)

    def take(self, size: int, windows: Windows) -> Fed:
        """The next batch; one of texts in several accents has whole ones, as many as fit.

        Raises:
            DataError: an example cannot be made, or all are too long.
        """
        self._taken += 1
        if self._taken % self._every:
            return super().take(size, windows)
        texts = [self._text() for _ in range(max(size // self._together, 1))]
        examples = tuple(one for text in texts for one in text)
        random = np.random.default_rng([self._alike.order.seed, self._taken])
        longest = max(len(one.pcm) for one in examples)
        return Fed(examples, windows.draw(longest, random), windows.shortest)

    def _text(self) -> list[Example]:
        for _ in range(_SKIPPED):
            said = list(map(Example.of, islice(self._alike, self._together)))
            if max(len(one.pcm) for one in said) <= self._most:
                return said
        raise DataError(
            f"{_SKIPPED} texts in a row are longer than {self._most / RATE:g} s in some accent; "
            "raise longest under [data], or set together_every = 0 under [rl]"
        )

    def state_dict(self) -> dict[str, int]:
        """Where it is."""
        alike = self._alike.state_dict()["step"]
        return {**super().state_dict(), "taken": self._taken, "alike": alike}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go to where another feed of the same was; see ``Feed``."""
        super().load_state_dict(state)
        self._taken = state["taken"]
        self._alike.load_state_dict({**self._alike.state_dict(), "step": state["alike"]})

    def close(self) -> None:
        """End what its sources started."""
        super().close()
        self._alike.close()
