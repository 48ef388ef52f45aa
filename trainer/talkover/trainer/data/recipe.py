"""A recipe: a set that needs no storage, since utterance *i* is always the same.

What is drawn for an utterance depends on the recipe's name and seed, its split and its number, on
nothing that was made before; so a set can be made in any order, by any number of processes. It is
drawn twice: what is said (``clean``), and what lies over it (``dirt``).
"""

from dataclasses import dataclass
from typing import Any, Final, Self

from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.engines.voices import voice
from talkover.trainer.data.switching.tokens import PAIRS, Pattern
from talkover.trainer.data.texts import Split, Theme
from talkover.trainer.recipes import name_of, read_tables, recipes_of, text_of

Range = tuple[float, float]

_WHAT: Final = "recipe"


@dataclass(frozen=True, slots=True)
class Guest:
    """An engine that speaks now and then.

    Attributes:
        engine: Its name.
        share: Of the sentences of one language.
        voices: Names by split.
    """

    engine: str
    share: float
    voices: dict[Split, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a set is made of; the fields are those of its file.

    Attributes:
        name: Of the file.
        seed: Of all that is drawn.
        accents: As often as one another.
        themes: How often, against one another.
        voices: eSpeak's variants by split.
        guests: Other engines that speak instead of eSpeak.
        patterns: In turn with the accents: sentences that go from one language to another.
        pairs: Of languages for those, in turn.
        foreign: Share of those whose English is that of speakers of the other language.
        pitch: Of eSpeak, 0 to 99.
        pace: Against others of the accent.
        level: Of the voice (dBFS).
        noisy: Share of utterances with noise.
        snr: Of those (dB).
        babble: Share of noises that is made of other voices.
        music: Share of noises that is recorded music.
        lines: Whether there are rooms and telephones.
    """

    name: str
    seed: int
    accents: tuple[str, ...]
    themes: dict[Theme, float]
    voices: dict[Split, tuple[str, ...]]
    guests: tuple[Guest, ...]
    patterns: tuple[Pattern, ...]
    pairs: tuple[str, ...]
    foreign: float
    pitch: Range
    pace: Range
    level: Range
    noisy: float
    snr: Range
    babble: float
    music: float
    lines: bool

    @classmethod
    def load(cls, name: str, *, seed: int = 0) -> Self:
        """One that comes along, by its name, or a file.

        Raises:
            DataError: there is none, or it cannot be used; the message names it.
        """
        text = text_of(name, str(__package__), _WHAT)
        try:
            return cls._read(name_of(name), seed, read_tables(text, str(__package__), _WHAT))
        except (KeyError, TypeError, ValueError, DataError) as error:
            raise DataError(f"recipe {name} cannot be used: {error}") from None

    @property
    def conditions(self) -> tuple[str | Pattern, ...]:
        """Codes of accents, and patterns: what comes in turn."""
        return (*self.accents, *self.patterns)

    @classmethod
    def _read(cls, name: str, seed: int, data: dict[str, Any]) -> Self:
        for code in data["accents"]:
            accent(code)
        voices = _voices(data["voices"])
        guests = tuple(_guest(engine, some) for engine, some in data.get("engines", {}).items())
        _check_people(voices, guests)
        switching = data.get("switching", {"patterns": (), "pairs": (), "foreign": 0.0})
        pairs = tuple(switching["pairs"])
        if unknown := set(pairs) - set(PAIRS):
            raise DataError(f"no pair {unknown.pop()!r}; there are {', '.join(PAIRS)}")
        speaker, noise = data["speaker"], data["noise"]
        if not 0 <= noise["babble"] + noise["music"] <= 1:
            raise DataError("babble and music are shares of the noises, and more than all of them")
        return cls(
            name,
            seed,
            tuple(data["accents"]),
            {Theme(theme): float(often) for theme, often in data["themes"].items()},
            voices,
            guests,
            tuple(Pattern(pattern) for pattern in switching["patterns"]),
            pairs,
            float(switching["foreign"]),
            _range(speaker["pitch"]),
            _range(speaker["pace"]),
            _range(speaker["level"]),
            float(noise["share"]),
            _range(noise["snr"]),
            float(noise["babble"]),
            float(noise["music"]),
            bool(noise["lines"]),
        )


def recipes() -> list[str]:
    """Those that come along."""
    return recipes_of(str(__package__))


def _range(given: Any) -> Range:
    low, high = given
    if not low <= high:
        raise DataError(f"{given} is no range")
    return float(low), float(high)


def _voices(given: dict[str, list[str]]) -> dict[Split, tuple[str, ...]]:
    return {split: tuple(given.get(split, ())) for split in Split}


def _guest(engine: str, given: dict[str, Any]) -> Guest:
    guest = Guest(engine, float(given.pop("share")), _voices(given))
    for name in (one for some in guest.voices.values() for one in some):
        if voice(name).engine != engine:
            raise DataError(f"{name} is a voice of {voice(name).engine}, not of {engine}")
    return guest


def _check_people(voices: dict[Split, tuple[str, ...]], guests: tuple[Guest, ...]) -> None:
    """See that nobody is in two splits, nor in two engines at once more often than always."""
    for split in Split:
        for name in voices[split]:
            voice(f"espeak-{name}")
    of = [
        {f"espeak-{name}" for name in voices[split]}
        | {voice(name).person for guest in guests for name in guest.voices[split]}
        for split in Split
    ]
    if sum(map(len, of)) > len(set.union(*of)):
        raise DataError("a voice is in two splits")
    if sum(guest.share for guest in guests) > 1:
        raise DataError("the engines' shares are more than all sentences")
