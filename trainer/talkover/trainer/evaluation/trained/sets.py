"""The sets that there are, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from talkover.core.errors import ConfigError
from talkover.trainer.evaluation.trained.material import (
    CONVERSATIONS,
    DIALECTS,
    ENGINE,
    REAL,
    SETS,
    SILENCE,
    SPLICED,
    Material,
)
from talkover.trainer.evaluation.trained.recorded import Prompts, Splices
from talkover.trainer.evaluation.trained.spoken import dialects, unheard
from talkover.trainer.evaluation.trained.talks import Talks
from talkover.trainer.evaluation.trained.wordless import Wordless


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of what.

    Attributes:
        sets: Names, each once.
        count: Clips of each condition.
        wordless: Clips of each of silence, noise and music.
        seed: Of all that is drawn.

    Raises:
        ConfigError: there is no such set, or none is named.
    """

    sets: tuple[str, ...] = SETS
    count: int = 30
    wordless: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.sets if name not in SETS]
        if unknown or not self.sets:
            told = f"no set {unknown[0]!r}" if unknown else "no set is named"
            raise ConfigError(f"{told}; name some of {', '.join(SETS)}")

    def of(self, name: str) -> int:
        """Clips of each condition of a set."""
        return self.wordless if name == SILENCE else self.count


def named(text: str) -> tuple[str, ...]:
    """Names from a list with commas, each once, in order."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def open_material(name: str, seed: int, learnt: Sequence[str] = ()) -> Material:
    """One of ``SETS``.

    Args:
        name: Which.
        seed: Of all that is drawn.
        learnt: Data recipes that a reader has learnt from: who speaks in them does not speak in
            ``ENGINE``.

    Raises:
        ConfigError: what it needs is not installed, recordings of people among that.
        DataError: everybody was heard before.
    """
    openers: dict[str, Callable[[], Material]] = {
        DIALECTS: lambda: dialects(seed),
        ENGINE: lambda: unheard(seed, learnt),
        REAL: lambda: Prompts(seed),
        SILENCE: lambda: Wordless(seed),
        CONVERSATIONS: lambda: Talks(seed),
        SPLICED: lambda: Splices(seed),
    }
    return openers[name]()
