"""Whether what callers say is understood, and whether they are answered out loud.

Recordings of a real person are called in, one call each. The final transcripts are scored against
what was read; the answer is looked for in the right channel with the voice detector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jiwer
import numpy as np
from rich.console import Console
from whisper_normalizer.english import EnglishTextNormalizer

from talkover.client.bench import measure
from talkover.client.bench.caller import Target, place_call
from talkover.client.bench.running import Failed, choose_prompts, run_all
from talkover.client.script import At, Line
from talkover.core.audio import read_wav
from talkover.core.report import Measure

WER_BAR: Final = 5.0
"""Percent of words."""
_LEAD: Final = 0.5  # seconds before the caller speaks
_SPOKEN: Final = 0.25  # seconds of voice that make an answer


@dataclass(frozen=True)
class RecognitionCall:
    """What one call gave; texts as they were, and how they differ once normalised."""

    name: str
    reference: str
    hypothesis: str
    words: int
    errors: int
    answer_seconds: float
    """Voice in the right channel."""


async def run_recognition(
    target: Target, *, calls: int, seed: int, folder: Path, parallel: int, console: Console
) -> tuple[list[RecognitionCall], list[Failed]]:
    """Place the calls, one prompt each, and score them.

    Args:
        target: Whom to call.
        calls: How many.
        seed: Of the choice of prompts.
        folder: For recordings and event logs.
        parallel: Calls at a time.
        console: For the progress bar.
    """
    prompts = choose_prompts(calls, seed=seed)

    async def one(name: str, text: str, path: Path) -> RecognitionCall:
        line = Line(read_wav(path, rate=target.audio.rate), At(_LEAD), name)
        record = await place_call(target, [line], folder / f"{name.replace('/', '_')}.wav")
        return score(
            name, text, record.transcript, measure.voice_seconds(record.agent, record.rate)
        )

    jobs = [(p.name, lambda p=p: one(p.name, p.text, p.path)) for p in prompts]
    return await run_all("calls", jobs, parallel=parallel, console=console)


def score(name: str, reference: str, hypothesis: str, answer_seconds: float) -> RecognitionCall:
    """Count the words that differ, as Whisper's English normaliser writes them."""
    normalise = EnglishTextNormalizer()
    result = jiwer.process_words(normalise(reference), normalise(hypothesis))
    errors = result.substitutions + result.deletions
    return RecognitionCall(
        name=name,
        reference=reference,
        hypothesis=hypothesis,
        words=result.hits + errors,
        errors=errors + result.insertions,
        answer_seconds=answer_seconds,
    )


def summarise(calls: Sequence[RecognitionCall], failed: Sequence[Failed]) -> list[Measure]:
    """The table."""
    total = len(calls) + len(failed)
    words = sum(call.words for call in calls)
    wer = 100 * sum(call.errors for call in calls) / words if words else float("nan")
    right = sum(not call.errors for call in calls)
    answered = sum(call.answer_seconds >= _SPOKEN for call in calls)
    return [
        Measure(
            "word error rate, pooled",
            wer,
            "%",
            n=words,
            interval=wer_interval(calls),
            bar=f"<= {WER_BAR:g}",
            met=wer <= WER_BAR and not failed,
            note="whisper-normalizer and jiwer, over all final transcripts",
        ),
        Measure("recordings without an error", 100 * right / total if total else 0.0, "%", n=total),
        Measure(
            "answered out loud",
            100 * answered / total if total else 0.0,
            "%",
            n=total,
            bar="100",
            met=answered == total > 0,
            note="; ".join(f"{f.name}: {f.reason}" for f in failed[:3]),
        ),
    ]


def worst(calls: Sequence[RecognitionCall], count: int = 10) -> list[RecognitionCall]:
    """The calls with the most errors, of those that have any."""
    wrong = [call for call in calls if call.errors]
    return sorted(wrong, key=lambda call: (-call.errors, call.name))[:count]


def wer_interval(
    calls: Sequence[RecognitionCall], *, seed: int = 0, rounds: int = 2_000
) -> tuple[float, float] | None:
    """95 % interval of the pooled error rate, in percent, by resampling recordings."""
    if len(calls) < 5:
        return None
    counts = np.array([(call.errors, call.words) for call in calls], np.float64)
    picks = np.random.default_rng(seed).integers(0, len(counts), (rounds, len(counts)))
    errors, words = counts[picks].sum(axis=1).T
    low, high = np.percentile(100 * errors / words, [2.5, 97.5])
    return float(low), float(high)
