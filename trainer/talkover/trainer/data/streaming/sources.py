"""What a stream takes from; here, a recipe that is spoken as it goes."""

from typing import Protocol, Self

from talkover.trainer.data.dirt import GROUP, Made
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split


class Source(Protocol):
    """A set of utterances; goes to other processes by pickle before it is used there."""

    @property
    def count(self) -> int | None:
        """How many there are; None: no end."""
        ...

    @property
    def chunk(self) -> int:
        """So many that follow one another are best made ready together."""
        ...

    def make(self, number: int, epoch: int) -> Made:
        """An utterance as it is heard in an epoch.

        Raises:
            DataError: it cannot be made; the message says why.
        """
        ...

    def close(self) -> None:
        """End what it started."""
        ...


class Spoken:
    """A recipe that is spoken as it goes.

    Args:
        recipe: What it is made of.
        split: Whose voices and sentences.
    """

    count = None
    chunk = GROUP

    def __init__(self, recipe: Recipe, split: Split) -> None:
        self._recipe = recipe
        self._split = split
        self._studio: Studio | None = None

    def __reduce__(self) -> tuple[type[Self], tuple[Recipe, Split]]:
        return type(self), (self._recipe, self._split)

    def make(self, number: int, epoch: int) -> Made:
        """Utterance ``number`` of the recipe; see ``Source``."""
        if self._studio is None:
            self._studio = Studio(self._recipe, self._split)
        return self._studio.utterance(number, epoch=epoch)

    def close(self) -> None:
        """It says no more."""
        if self._studio is not None:
            self._studio.close()
        self._studio = None
