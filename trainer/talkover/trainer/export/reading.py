"""The policy and its exported graphs, asked for the same utterances."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from talkover.core.listener import VARIANTS, WindowRule
from talkover.trainer.data.mouths import Sound
from talkover.trainer.evaluation.exported import Exported
from talkover.trainer.evaluation.readings import (
    Cause,
    Comparison,
    Reading,
    cause_of,
    first_difference,
)
from talkover.trainer.evaluation.scoring import score
from talkover.trainer.export.parity import POLICY, ROUNDS, TIE, Parity
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.sampling import sample
from talkover.trainer.policy.written import Written
from talkover.trainer.stages.example import Example

_THREADS = 1  # unlike two, one never waits for a core that others have taken


class Sides:
    """A policy beside the graphs that were made of it.

    Args:
        policy: In float32.
        folder: A listener with both variants.
        window: That both are shown.

    Raises:
        BundleError: the folder holds no listener that can be loaded.
    """

    def __init__(self, policy: Policy, folder: Path, window: WindowRule) -> None:
        self._policy, self._window = policy.eval(), window
        self._exported = {
            variant: Exported(folder, variant, threads=_THREADS, window=window)
            for variant in VARIANTS
        }

    def compare(self, examples: Sequence[Example], tick: Callable[[], None]) -> Parity:
        """Have all read all.

        Args:
            examples: To be read.
            tick: Told after each.
        """
        torch.set_num_threads(_THREADS)
        return sum((self._one(example, tick) for example in examples), Parity())

    def settle(self, examples: Sequence[Example], tick: Callable[[], None]) -> Parity:
        """Have them read a part of the utterances, and more of them while nothing is settled.

        Args:
            examples: All that may be read; a part is a ``ROUNDS``-th of them.
            tick: Told after each.
        """
        part = -(-len(examples) // ROUNDS)
        found = Parity()
        for begin in range(0, len(examples), part):
            found += self.compare(examples[begin : begin + part], tick)
            if found.settled:
                break
        return found

    def _one(self, example: Example, tick: Callable[[], None]) -> Parity:
        pcm, language = example.pcm, example.language
        own = self._read(pcm, language)
        readings = {POLICY: own}
        for name, one in self._exported.items():
            readings[name] = one.read(pcm, language)
        comparison = self._compared(example, own, readings["fp32"])
        texts = {
            name: self._policy.tokens.text(reading.tokens) for name, reading in readings.items()
        }
        said = " ".join(word for word, _ in example.words)
        tick()
        scored = score(example.name, language, said, texts)
        return Parity((comparison,), (scored,), (not example.engine,))

    @torch.no_grad()
    def _read(self, pcm: Sound, language: str) -> Reading:
        """What the policy writes, greedily, as the listener decodes."""
        window = self._window.window(len(pcm))
        heard = self._policy.hear(self._policy.see([pcm], window), [language])
        drawn = sample(self._policy, heard, 1, seed=0, temperature=0.0)
        (tokens,), complete = drawn.written.rows(), bool(drawn.complete[0])
        return Reading(tuple(tokens[:-1] if complete else tokens), window, complete)

    def _compared(self, example: Example, own: Reading, other: Reading) -> Comparison:
        cause, at = cause_of(own, other), first_difference(own.tokens, other.tokens)
        gap = None
        if cause is Cause.CHOICE and at is not None:
            gap = self._gap(example, own, other, at)
            cause = Cause.SAME if gap < TIE else cause
        return Comparison(example.name, own.window, cause, at, gap)

    @torch.no_grad()
    def _gap(self, example: Example, own: Reading, other: Reading, at: int) -> float:
        """How much likelier the policy finds its own next token where two readings part (nats)."""
        heard = self._policy.hear(self._policy.see([example.pcm], own.window), [example.language])
        end = self._policy.tokens.end
        rows = [[*own.tokens[:at], *(one.tokens[at : at + 1] or (end,))] for one in (own, other)]
        scores = self._policy.score(heard, Written.of(rows, [0, 0]), suppressed=False)
        ours, theirs = scores.log_probs[:, at].tolist()
        return float(ours - theirs)
