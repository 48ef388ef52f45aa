"""Golden outputs: what a listener's graphs gave where they were made, to be got again elsewhere.

A bundle whose files are whole can still be computed wrongly: by another release of ONNX Runtime, by
another processor, by a graph that was damaged before it was hashed. So whoever makes a listener
writes down what it says to a few sounds, and whoever loads it asks again. The sounds are made from
a seed, so that none is stored.

What is asked is the likeliest token at every place of the recorded text, that text being given up
to there. One place that comes out otherwise then says nothing about the next, and the share of
places that come out the same is a measure of how much is wrong. On one machine all are the same.
Sums are rounded in another order elsewhere, which turns what is nearly a tie: see ``TOLERANCE``.
A text goes on for some tokens even where the listener would rather end it, because most listeners
have nothing to say to a tone, and nothing is soon repeated.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from talkover.core.clock import RATE
from talkover.core.errors import BundleError
from talkover.core.listener.graph import Variant
from talkover.core.listener.runtime import ListenerRuntime

GOLDEN_FILE: Final = "golden.json"
TOLERANCE: Final = 0.9
"""Share of places that must come out the same on any machine.

An int8 graph of Whisper base, asked for what its fp32 graph says, reaches 0.96 (77 of 80 places);
two machines with the same graph are much nearer to one another."""

Kind = Literal["tone", "noise", "speechlike"]
Sound = NDArray[np.float32]

SOUNDS: Final[tuple[tuple[Kind, int], ...]] = (
    ("tone", 1),
    ("noise", 2),
    *(("speechlike", seed) for seed in (3, 4, 5, 6)),
)
"""Kind and seed of what is asked about."""

_SECONDS: Final = 2.0
_LEVEL: Final = 0.1
_LEAST: Final = 8
"""Tokens of a text before it may end."""
_MOST: Final = 16
_MAX_BYTES: Final = 100_000
_VOWELS: Final = (  # the first three formants (Hz): Peterson and Barney 1952, men
    (270, 2290, 3010),
    (530, 1840, 2480),
    (730, 1090, 2440),
    (570, 840, 2410),
    (300, 870, 2240),
)
_BANDWIDTH: Final = 90.0  # Hz


class GoldenOutput(BaseModel):
    """What one variant of a listener says to one sound.

    Attributes:
        seed: Of the sound.
        kind: Of the sound.
        language: That the listener is told.
        variant: Of its weights.
        tokens: What it writes; an end of the text among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    kind: Kind
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    variant: Variant
    tokens: Annotated[tuple[int, ...], Field(min_length=1, max_length=_MOST)]


_OUTPUTS: Final = TypeAdapter(tuple[GoldenOutput, ...])


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a loaded listener gives its golden outputs.

    Attributes:
        same: Places of the recorded texts where it finds the same token likeliest.
        places: All of them; 0: none are recorded for the variant that is loaded.
    """

    same: int
    places: int

    @property
    def share(self) -> float:
        """Of the places, 0 to 1; 1 where there is nothing to be compared."""
        return self.same / self.places if self.places else 1.0

    @property
    def within(self) -> bool:
        """As much as may be expected of any machine."""
        return self.share >= TOLERANCE


def record(runtime: ListenerRuntime) -> tuple[GoldenOutput, ...]:
    """What a listener says to each of ``SOUNDS``; the same for the same graphs on one machine."""
    languages = runtime.config.languages
    language = "en" if "en" in languages else languages[0]
    found = []
    for kind, seed in SOUNDS:
        sound = synthesise(kind, seed)
        tokens = _write(runtime, sound, language)
        # Read at once, a text is rounded otherwise than when it is written: what turns is left out.
        again = _likeliest(runtime, sound, language, tokens)
        same = next(
            (at for at, pair in enumerate(zip(tokens, again, strict=True)) if len({*pair}) > 1),
            len(tokens),
        )
        if same:
            found.append(
                GoldenOutput(
                    seed=seed,
                    kind=kind,
                    language=language,
                    variant=runtime.variant,
                    tokens=tokens[:same],
                )
            )
    return tuple(found)


def compare(runtime: ListenerRuntime, outputs: Sequence[GoldenOutput]) -> Agreement:
    """Ask a loaded listener again; a pass of encoder and decoder for each sound.

    Args:
        runtime: Loaded.
        outputs: Of its folder; those of the other variant are left out.

    Raises:
        ModelError: it has not the language, or refuses the sound.
    """
    mine = [one for one in outputs if one.variant == runtime.variant]
    same = 0
    for one in mine:
        sound = synthesise(one.kind, one.seed)
        found = _likeliest(runtime, sound, one.language, one.tokens)
        same += sum(a == b for a, b in zip(found, one.tokens, strict=True))
    return Agreement(same, sum(len(one.tokens) for one in mine))


def read_golden(folder: Path) -> tuple[GoldenOutput, ...]:
    """The golden outputs of a listener's folder; none where whoever made it recorded none.

    Raises:
        BundleError: the file is not what it should be.
    """
    path = folder / GOLDEN_FILE
    try:
        with path.open("rb") as file:
            return _OUTPUTS.validate_json(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return ()
    except OSError:
        raise BundleError(f"{path} cannot be read; export the bundle again") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path}: {where}: {first['msg']}; export the bundle again") from None


def write_golden(folder: Path, outputs: Sequence[GoldenOutput]) -> None:
    """Write ``golden.json`` into ``folder``, an output a line."""
    lines = ",\n ".join(json.dumps(one.model_dump(mode="json")) for one in outputs)
    (folder / GOLDEN_FILE).write_text(f"[{lines}]\n", "utf-8")


def synthesise(kind: Kind, seed: int) -> Sound:
    """A sound from its seed: float32 [32000] at 16 kHz, in steps of 16 bits.

    The steps take away what processors round differently.
    """
    random = np.random.default_rng(seed)
    makers = {"tone": _tone, "noise": _noise, "speechlike": _speechlike}
    sound = makers[kind](random, np.arange(int(_SECONDS * RATE)) / RATE)
    steps = np.rint(sound * (_LEVEL / np.sqrt(np.mean(sound**2))) * 32768)
    pcm: Sound = (np.clip(steps, -32768, 32767) / 32768).astype(np.float32)
    return pcm


def _tone(random: np.random.Generator, time: NDArray[np.float64]) -> NDArray[np.float64]:
    pitch = random.uniform(200, 800)
    return np.sin(2 * np.pi * pitch * time) + 0.5 * np.sin(2 * np.pi * 1.5 * pitch * time)


def _noise(random: np.random.Generator, time: NDArray[np.float64]) -> NDArray[np.float64]:
    return random.standard_normal(len(time))


def _speechlike(random: np.random.Generator, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Syllables: a hiss, then the harmonics of a falling voice as a vowel's formants pass them."""
    sound = np.zeros(len(time))
    at, begin = 0, random.uniform(90, 220)
    while at < len(time):
        count = min(int(random.uniform(0.15, 0.35) * RATE), len(time) - at)
        part = time[:count]
        pitch = begin * (1 - 0.15 * time[at]) * random.uniform(0.9, 1.1)
        formants = np.array(_VOWELS[int(random.integers(len(_VOWELS)))])
        harmonics = pitch * np.arange(1, int(4000 / pitch))
        gains = (1 / (1 + ((harmonics[:, None] - formants) / _BANDWIDTH) ** 2)).sum(axis=1)
        vowel = (gains[:, None] * np.sin(2 * np.pi * harmonics[:, None] * part)).sum(axis=0)
        sound[at : at + count] += vowel * np.hanning(count)
        hiss = min(count, int(random.uniform(0.03, 0.08) * RATE))
        sound[at : at + hiss] += random.standard_normal(hiss) * np.hanning(hiss)
        at += count
    return sound


def _write(runtime: ListenerRuntime, sound: Sound, language: str) -> tuple[int, ...]:
    """The likeliest text, token by token."""
    decoding, logits = runtime.open(sound, language)
    tokens: list[int] = []
    while len(tokens) < _MOST:
        tokens.append(int(np.argmax(logits + _barred(runtime, len(logits), len(tokens)))))
        if tokens[-1] == runtime.tokens.end:
            break
        logits = decoding.read(np.array([tokens[-1:]], np.int64))[0, 0]
    return tuple(tokens)


def _likeliest(
    runtime: ListenerRuntime, sound: Sound, language: str, tokens: Sequence[int]
) -> list[int]:
    """The likeliest token at every place of a text, which is given up to there."""
    decoding, first = runtime.open(sound, language)
    rows = [first]
    if len(tokens) > 1:
        given = np.array([tokens[:-1]], np.int64)
        rows += list(decoding.read(given, at=range(len(tokens) - 1))[0])
    return [
        int(np.argmax(row + _barred(runtime, len(row), place))) for place, row in enumerate(rows)
    ]


def _barred(runtime: ListenerRuntime, vocabulary: int, place: int) -> NDArray[np.float32]:
    """What cannot come at a place: no speech, and at first no end."""
    penalty = runtime.tokens.penalty(vocabulary, first=place == 0)
    if place < _LEAST:
        penalty[runtime.tokens.end] = -np.inf
    return penalty
