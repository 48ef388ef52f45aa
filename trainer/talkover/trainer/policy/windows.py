"""How much sound the model is shown while it learns."""

from dataclasses import dataclass

import numpy as np

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import ConfigError, DataError
from talkover.core.listener import LONGEST


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows that are shown, drawn anew for each batch; all in samples.

    A model that saw one length alone would hold on to it: it learns that silence follows, however
    much of it.

    Attributes:
        shortest: Window.
        longest: Window, unless speech asks for a longer one.
        margin: Silence that at least follows the speech, unless 30 s leave no room for it.

    Raises:
        ConfigError: there are no such windows.
    """

    shortest: int = 10 * RATE
    longest: int = LONGEST
    margin: int = 6 * RATE

    def __post_init__(self) -> None:
        if not FRAME <= self.shortest <= self.longest <= LONGEST or self.margin < 0:
            raise ConfigError(
                f"windows from {self.shortest} to {self.longest} samples with {self.margin} after "
                f"the speech cannot be shown; use 0 < shortest <= longest <= {LONGEST}"
            )

    def draw(self, speech: int, random: np.random.Generator) -> int:
        """A window for a batch, each of those allowed being as likely as the others.

        Args:
            speech: Of the batch's longest utterance, in samples.
            random: Where it is drawn from.

        Returns:
            In samples, whole frames of 20 ms.

        Raises:
            DataError: the speech is longer than 30 s.
        """
        if speech > LONGEST:
            raise DataError(f"{speech / RATE:.1f} s of speech at once; cut it to 30 s or less")
        least = -(-min(max(self.shortest, speech + self.margin), LONGEST) // FRAME)
        most = max(least, self.longest // FRAME)
        return FRAME * int(random.integers(least, most + 1))
