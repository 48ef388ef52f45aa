"""What the listener is asked, and what it answers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_BIAS: Final = 32.0
"""Beyond it a word in view is written whatever is said."""


@dataclass(frozen=True, slots=True, eq=False)
class ListenRequest:
    """A stretch of speech to be written down.

    Attributes:
        pcm: float32 [n] at 16 kHz in [-1, 1), at most 30 s.
        languages: Codes as Whisper spells them (``en``). Empty: any; one: that one, nothing is
            detected; several: the likeliest of these.
        n_best: Hypotheses wanted. More than one takes a beam search of that width, or at a
            temperature above 0 that many samples, drawn independently.
        beam: Beginnings of texts that the search keeps at temperature 0; at least ``n_best`` are.
            1: the likeliest token is taken every time.
        words: Whether words and their times are wanted.
        max_tokens: At most as many tokens a hypothesis; the length of the speech also bounds it.
        temperature: 0 searches for the likeliest; above 0 samples.
        in_view: Words that the speaker sees, as they are written there.
        bias: How much less likely a text may be (natural logarithm, 0 to ``MOST_BIAS``) that has
            one of these where the likeliest has a word spelt nearly so, for a greedy search alone.
            0: they are not looked at.
    """

    pcm: NDArray[np.float32]
    languages: tuple[str, ...] = ()
    n_best: int = 1
    beam: int = 1
    words: bool = True
    max_tokens: int = 224
    temperature: float = 0.0
    in_view: tuple[str, ...] = ()
    bias: float = 0.0

    @property
    def width(self) -> int:
        """Beginnings that the search keeps, or samples that it draws."""
        return self.n_best if self.temperature > 0 else max(self.n_best, self.beam)

    @property
    def greedy(self) -> bool:
        """It takes the likeliest token every time."""
        return self.width == 1 and self.temperature == 0

    @property
    def single(self) -> bool:
        """One text is wanted, the likeliest."""
        return self.n_best == 1 and self.temperature == 0


@dataclass(frozen=True, slots=True)
class Word:
    """A word on the media clock.

    Attributes:
        text: With its punctuation, without spaces around it.
        start: Ticks of 1/16,000 s from the beginning of the request's pcm.
        end: The same; not before ``start``.
        probability: Geometric mean over the word's tokens.
    """

    text: str
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One way to write down what was said.

    Attributes:
        text: Without spaces around it; empty where nothing was said.
        tokens: Those of the text, without any special ones.
        log_prob: Natural logarithm of p(tokens, end of text | sound), after the suppression of
            tokens that never are speech, at the temperature sampled with (1 where it was 0). A
            hypothesis that was cut lacks the end of text; where silence was found, it is that of
            no speech.
        complete: Whether the model itself ended it; otherwise a bound cut it, or it said the same
            over and over; then that is in it once.
        words: In order; empty if they were not asked for.
    """

    text: str
    tokens: tuple[int, ...]
    log_prob: float
    complete: bool
    words: tuple[Word, ...] = ()

    @property
    def mean_log_prob(self) -> float:
        """``log_prob`` a token, the end of text counted as one."""
        return self.log_prob / (len(self.tokens) + 1)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The answer to one request.

    Attributes:
        language: Its code; a guess where nothing was said.
        language_probability: The model's, among all the languages it knows, whatever was asked.
        hypotheses: At least one, the best first: by ``mean_log_prob``, as Whisper ranks beams.
        no_speech_probability: The model's.
        window_samples: How long the sound was when padded for the model.
    """

    language: str
    language_probability: float
    hypotheses: tuple[Hypothesis, ...]
    no_speech_probability: float
    window_samples: int

    @property
    def best(self) -> Hypothesis:
        """The likeliest hypothesis."""
        return self.hypotheses[0]

    @property
    def text(self) -> str:
        """The text of the likeliest hypothesis."""
        return self.best.text
