"""What a caller said, showed and sounded like in the turn that is to be answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkover.core.seer.types import Picture, Seen


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word of the caller's on the media clock.

    Attributes:
        text: With its punctuation, without spaces around it.
        start: Samples at 16 kHz.
        end: The same; not before ``start``.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A picture, and what was found in it.

    Attributes:
        picture: Its pixels and its time.
        seen: By the bundle's seer; None where the bundle has none.
    """

    picture: Picture
    seen: Seen | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The caller's turn beside its text, all on the media clock.

    Attributes:
        words: Of the turn, in order.
        sights: Pictures of the moments asked about, in order of their times.
        sound: The turn as it was heard: int16 ``[n]``, 16 kHz mono; None where nobody keeps it.
    """

    words: tuple[TimedWord, ...] = ()
    sights: tuple[Sight, ...] = ()
    sound: NDArray[np.int16] | None = None

    @property
    def moment(self) -> int:
        """When it was asked: where the last word ends, or else when the last picture was taken."""
        if self.words:
            return self.words[-1].end
        return self.sights[-1].picture.time if self.sights else 0


@dataclass(frozen=True, slots=True)
class Senses:
    """What a model takes beside text.

    Attributes:
        pictures: At most so many a turn; of more it takes the last. 0: it is blind.
        sound: It hears the turn itself, and wants ``Scene.sound``.
    """

    pictures: int = 0
    sound: bool = False
