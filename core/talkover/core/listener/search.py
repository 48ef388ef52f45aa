"""Which tokens to try next: beam search and sampling, on log-probabilities alone.

One search serves one utterance. ``advance`` is given the log-probabilities that follow each of its
live rows and answers with the rows to go on with, each as the row it continues and the token it
adds. The caller keeps the model's state in step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from talkover.core.listener.types import ListenRequest

Step = tuple[int, int]
"""(index of the live row that is continued, token)."""

_LONGEST_UNIT: Final = 12
_REPEATED_TOKENS: Final = 24  # a unit this often in a row that it fills so many tokens is a loop
_LEAST_REPEATS: Final = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """The beginning of a transcript, or all of it.

    Attributes:
        tokens: Those of the text.
        log_probs: One for each token, and one for the end of the text if it is ``complete``.
        complete: The model ended it.
    """

    tokens: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    complete: bool = False

    @property
    def total(self) -> float:
        """Log-probability of the whole."""
        return sum(self.log_probs)

    @property
    def mean(self) -> float:
        """Log-probability a token, the end of the text counted as one."""
        return self.total / (len(self.tokens) + 1)

    def then(self, token: int, log_prob: float) -> "Candidate":
        """This, and a token of text."""
        return Candidate((*self.tokens, token), (*self.log_probs, log_prob))

    def cut(self) -> "Candidate":
        """This without the loop at its end, if there is one: what is repeated stays once."""
        kept = len(self.tokens) - loop_length(self.tokens)
        return Candidate(self.tokens[:kept], self.log_probs[:kept])

    def ended(self, log_prob: float) -> "Candidate":
        """This, and the end of the text."""
        return Candidate(self.tokens, (*self.log_probs, log_prob), complete=True)


class Search(Protocol):
    """What ``BeamSearch`` and ``Sampling`` have in common."""

    live: list[Candidate]

    def advance(self, log_probs: NDArray[np.float32]) -> list[Step]:
        """Go one token on.

        Args:
            log_probs: [live rows, vocabulary].

        Returns:
            The rows that are live now; none when the search is over.
        """

    def results(self) -> list[Candidate]:
        """What was found, the best first; at least one."""


def search_for(
    request: ListenRequest,
    end: int,
    limit: int,
    random: np.random.Generator,
) -> Search:
    """The search that a request asks for.

    Args:
        request: Its ``width`` and ``temperature`` decide.
        end: The token that ends a text.
        limit: Tokens of text at most.
        random: Where samples are drawn from.
    """
    if request.temperature > 0:
        return Sampling(end, request.width, limit, random)
    return BeamSearch(end, request.width, limit)


@dataclass(slots=True)
class BeamSearch:
    """Keep the ``width`` likeliest beginnings. With a width of 1 this is greedy decoding.

    It is over when ``width`` texts have ended, as in Whisper's own (Radford et al. 2022, a
    patience of 1).
    """

    end: int
    width: int
    limit: int
    live: list[Candidate] = field(default_factory=lambda: [Candidate()])
    _found: list[Candidate] = field(default_factory=list)

    def advance(self, log_probs: NDArray[np.float32]) -> list[Step]:
        """See ``Search``."""
        live: list[Candidate] = []
        steps: list[Step] = []
        for row, token, log_prob in self._best(log_probs):
            if token == self.end:
                self._found.append(self.live[row].ended(log_prob))
            else:
                longer = self.live[row].then(token, log_prob)
                if is_cut(longer.tokens, self.limit):
                    self._found.append(longer.cut())
                else:
                    live.append(longer)
                    steps.append((row, token))
            if len(live) == self.width:
                break
        self.live = live
        if len(self._found) >= self.width:
            self.live = []
        return steps if self.live else []

    def results(self) -> list[Candidate]:
        """See ``Search``; ranked by log-probability a token."""
        return _ranked([*self._found, *self.live])[: self.width]

    def _best(self, log_probs: NDArray[np.float32]) -> list[tuple[int, int, float]]:
        """Twice as many continuations as are kept: if half of them end, enough remain."""
        if self.width == 1:
            token = int(log_probs[0].argmax())
            return [(0, token, float(log_probs[0, token]))]
        totals = log_probs + np.array([[row.total] for row in self.live], np.float32)
        flat = totals.ravel()
        top = np.argpartition(flat, -2 * self.width)[-2 * self.width :]
        top = top[np.argsort(-flat[top], kind="stable")]
        rows, tokens = np.unravel_index(top, totals.shape)
        return [
            (int(row), int(token), float(log_probs[row, token]))
            for row, token in zip(rows, tokens, strict=True)
            if np.isfinite(log_probs[row, token])
        ]


@dataclass(slots=True)
class Sampling:
    """Draw ``count`` transcripts, independently of one another."""

    end: int
    count: int
    limit: int
    random: np.random.Generator
    live: list[Candidate] = field(default_factory=lambda: [Candidate()])
    _found: list[Candidate] = field(default_factory=list)
    _begun: bool = False

    def advance(self, log_probs: NDArray[np.float32]) -> list[Step]:
        """See ``Search``."""
        rows = range(len(self.live)) if self._begun else [0] * self.count
        self._begun = True
        live: list[Candidate] = []
        steps: list[Step] = []
        for row in rows:
            token = self._draw(log_probs[row])
            log_prob = float(log_probs[row, token])
            if token == self.end:
                self._found.append(self.live[row].ended(log_prob))
                continue
            longer = self.live[row].then(token, log_prob)
            if is_cut(longer.tokens, self.limit):
                self._found.append(longer.cut())
            else:
                live.append(longer)
                steps.append((row, token))
        self.live = live
        return steps

    def results(self) -> list[Candidate]:
        """See ``Search``; ranked by log-probability a token."""
        return sorted(self._found, key=_mean, reverse=True)

    def _draw(self, log_probs: NDArray[np.float32]) -> int:
        # The Gumbel-max trick: no sum that float32 would leave a little short of 1.
        noise = self.random.gumbel(size=log_probs.shape)
        return int((log_probs + noise).argmax())


def _ranked(found: Sequence[Candidate]) -> list[Candidate]:
    """The best first, each text once: one that was cut lacks the cost of its end."""
    whole = {one.tokens for one in found if one.complete}
    kept: dict[tuple[int, ...], Candidate] = {}
    for one in sorted(found, key=_mean, reverse=True):
        if one.complete or one.tokens not in whole:
            kept.setdefault(one.tokens, one)
    return list(kept.values())


def _mean(candidate: Candidate) -> float:
    return candidate.mean


def is_cut(tokens: Sequence[int], limit: int) -> bool:
    """Whether a text must not go on: it is as long as it may be, or says the same all over."""
    return len(tokens) >= limit or loop_length(tokens) > 0


def loop_length(tokens: Sequence[int]) -> int:
    """Tokens at the end that only repeat what stands before them; 0 if they are no loop.

    A loop is a unit of up to 12 tokens, said at least 4 times in a row over at least 24 tokens:
    longer than anybody repeats a word, and what Whisper does when it has lost the sound.
    """
    for unit in range(1, min(_LONGEST_UNIT, len(tokens)) + 1):
        same = 0
        while same + unit < len(tokens) and tokens[-1 - same] == tokens[-1 - same - unit]:
            same += 1
        if same + unit >= max(_REPEATED_TOKENS, _LEAST_REPEATS * unit):
            return same
    return 0


def log_softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Log-probabilities of logits [rows, vocabulary] at a temperature above 0."""
    scaled = logits / np.float32(temperature)
    scaled -= scaled.max(axis=1, keepdims=True)
    total = np.exp(scaled).sum(axis=1, dtype=np.float32, keepdims=True)
    result: NDArray[np.float32] = scaled - np.log(total)
    return result


def filled(steps: Sequence[Step], width: int) -> list[Step]:
    """As many steps as the widest search has, the first one again in place of what is missing."""
    return [*steps, *[steps[0]] * (width - len(steps))]
