"""Who writes down: stock Whisper, a stage of a run, the exported listener of a bundle.

All greedily, without a second try, told the language, for at most as many tokens as the published
decoder. A run's stage and a bundle take what they are nearly sure is silence for silence, as the
server does (``core.listener``); stock Whisper, which is read as it was published, does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from talkover.core.listener import ListenerConfig, Variant, WindowRule
from talkover.core.listener.search import loop_length
from talkover.trainer.evaluation.accents_reader import MOST, StockReader, Written
from talkover.trainer.evaluation.exported import Exported
from talkover.trainer.policy.model import Heard, Policy
from talkover.trainer.policy.sampling import Drawn, sample
from talkover.trainer.policy.tuning import folded

Sound = NDArray[np.float32]

STOCK: Final = "stock"
_THREADS: Final = 1
"""Of every reader: unlike two, one never waits for a core that others have taken."""


class Writer(Protocol):
    """Writes down several sounds."""

    def write(self, sounds: Sequence[Sound], languages: Sequence[str]) -> list[Written]:
        """Of each of some sounds (float32 [n] at 16 kHz), told its language (ISO 639-1)."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """A writer that is there when it is first asked.

    Attributes:
        name: Unique among those side by side.
        same: Tells its weights and windows from any other's.
        about: Which it is, for a report.
        open: Loads it.
        learnt: Data recipes that it has learnt from.
        stage: Of a run; empty: it is no stage.
    """

    name: str
    same: str
    about: str
    open: Callable[[], Writer]
    learnt: tuple[str, ...] = ()
    stage: str = ""


class TunedWriter:
    """A policy that reads on the windows that it has learnt with.

    Args:
        policy: Reads.
        config: Of the base weights' listener; says what is silence.
        rule: Window by the length of the sound.
    """

    def __init__(self, policy: Policy, config: ListenerConfig, rule: WindowRule) -> None:
        self._policy, self._config, self._rule = policy.eval(), config, rule

    @torch.no_grad()
    def write(self, sounds: Sequence[Sound], languages: Sequence[str]) -> list[Written]:
        """See ``Writer``; sounds whose windows are equally long are read together."""
        torch.set_num_threads(_THREADS)
        with folded(self._policy):
            return self._read(sounds, languages)

    def _read(self, sounds: Sequence[Sound], languages: Sequence[str]) -> list[Written]:
        windows = [self._rule.window(len(sound)) for sound in sounds]
        found: dict[int, Written] = {}
        for window in sorted(set(windows)):
            some = [place for place, size in enumerate(windows) if size == window]
            features = self._policy.see([sounds[place] for place in some], window)
            heard = self._policy.hear(features, [languages[place] for place in some])
            drawn = sample(self._policy, heard, 1, seed=0, temperature=0.0, limit=MOST)
            found.update(zip(some, self._written(heard, drawn), strict=True))
        return [found[place] for place in range(len(sounds))]

    def _written(self, heard: Heard, drawn: Drawn) -> list[Written]:
        silent = silence(self._policy, heard)
        lengths = drawn.written.mask.sum(dim=1)
        means = drawn.log_probs.sum(dim=1) / torch.clamp(lengths, min=1)
        texts = [self._policy.tokens.text(self._said(row)) for row in drawn.written.rows()]
        return [
            Written("" if nobody else text, ended)
            for text, ended, nobody in zip(
                texts,
                drawn.complete.tolist(),
                (
                    (silent > self._config.no_speech_threshold)
                    & (means < self._config.log_prob_threshold)
                ).tolist(),
                strict=True,
            )
        ]

    def _said(self, row: list[int]) -> list[int]:
        """Without the end; what a loop repeats stays once, as in ``core.listener``."""
        if row[-1] == self._policy.tokens.end:
            return row[:-1]
        return row[: len(row) - loop_length(row)]


class StockWriter:
    """Stock Whisper on its 30 s.

    Args:
        folder: Base weights, as ``talkover models pull`` leaves them.

    Raises:
        WeightsError: the weights cannot be used.
        BundleError: the tokenizer cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._reader = StockReader(folder)

    def write(self, sounds: Sequence[Sound], languages: Sequence[str]) -> list[Written]:
        """See ``Writer``."""
        torch.set_num_threads(_THREADS)
        return self._reader.write(sounds, languages)


class ExportedWriter:
    """The listener of a bundle, on the windows of its rule, as the server runs it.

    Args:
        folder: Of the listener.
        variant: Of its weights.

    Raises:
        BundleError: the folder holds no listener that can be loaded.
    """

    def __init__(self, folder: Path, variant: Variant) -> None:
        self._exported = Exported(folder, variant, threads=_THREADS)

    def write(self, sounds: Sequence[Sound], languages: Sequence[str]) -> list[Written]:
        """See ``Writer``."""
        found = []
        for sound, language in zip(sounds, languages, strict=True):
            reading = self._exported.read(sound, language)
            found.append(Written(self._exported.tokens.text(reading.tokens), reading.complete))
        return found


@torch.no_grad()
def silence(policy: Policy, heard: Heard) -> torch.Tensor:
    """The policy's probability that nobody speaks, of each utterance: float32 [items]."""
    items = torch.arange(len(heard.prompts), device=heard.prompts.device)
    with policy.cast():
        states = policy.decode(heard.prompts[:, :1], heard.cache(items))[:, 0]
        logits = policy.model.proj_out(states).float()
    shares: torch.Tensor = logits.softmax(dim=-1)[:, policy.tokens.no_speech]
    return shares.cpu()
