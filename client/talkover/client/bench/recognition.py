"""Whether what callers say is understood, and whether they are answered out loud.

Recordings of a real person are called in, one call each. The final transcripts are scored against
what was read; the answer is looked for in the right channel with the voice detector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jiwer
from rich.console import Console
from whisper_normalizer.english import EnglishTextNormalizer

from talkover.client.bench import measure
from talkover.client.bench.caller import CallRecord, Target, place_call
from talkover.client.bench.running import Failed, Job, choose_prompts, recording_name, run_all
from talkover.client.script import At, IntoReply, Line
from talkover.core.audio import read_wav
from talkover.core.audio.prompts import Prompt
from talkover.core.report import Measure, pooled_interval

WER_BAR: Final = 5.0
"""Percent of words."""
_LEAD: Final = 0.5  # seconds before the caller speaks
_ENOUGH: Final = IntoReply(1.5)
"""So much of a reply shows that there is one."""
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

    def job(prompt: Prompt) -> Job[CallRecord]:
        line = Line(read_wav(prompt.path, rate=target.audio.rate), At(_LEAD), prompt.name)
        return lambda: place_call(target, [line], folder / recording_name(prompt), end=_ENOUGH)

    jobs = {prompt.name: job(prompt) for prompt in prompts}
    records, failed = await run_all("calls", jobs, parallel=parallel, console=console)
    results = []
    for prompt in prompts:
        if record := records.get(prompt.name):
            answer = measure.voice_seconds(record.agent, record.rate)
            results.append(score(prompt.name, prompt.text, record.transcript, answer))
    return results, failed


def score(name: str, reference: str, hypothesis: str, answer_seconds: float) -> RecognitionCall:
    """Count the words that differ, as Whisper's English normaliser writes them."""
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


_ENGLISH: Final = EnglishTextNormalizer()
_SPELT: Final = {"...": " ", "#": " pound ", "*": " star "}
"""What the normaliser leaves standing, or drops although it is said."""


def normalise(text: str) -> str:
    """The words of ``text`` in one way of writing them."""
    for sign, words in _SPELT.items():
        text = text.replace(sign, words)
    normal: str = _ENGLISH(text)
    return normal


def summarise(calls: Sequence[RecognitionCall], failed: Sequence[Failed]) -> list[Measure]:
    """The table."""
    total = len(calls) + len(failed)
    words = sum(call.words for call in calls)
    wer = 100 * sum(call.errors for call in calls) / words if words else float("nan")
    interval = pooled_interval([c.errors for c in calls], [c.words for c in calls])
    right = sum(not call.errors for call in calls)
    answered = sum(call.answer_seconds >= _SPOKEN for call in calls)
    return [
        Measure(
            "word error rate, pooled",
            wer,
            "%",
            n=words,
            interval=(100 * interval[0], 100 * interval[1]) if interval else None,
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
