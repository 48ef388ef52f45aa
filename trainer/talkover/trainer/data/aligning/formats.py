"""Aligned words for others to read: lines of a manifest, Praat's TextGrid, NIST's CTM. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from talkover.core.clock import RATE
from talkover.trainer.data.aligning.aligner import Alignment

_DECIMALS: Final = 5  # of seconds: a sample is known again


def to_words(found: Alignment) -> list[dict[str, Any]]:
    """Words as a manifest has them, with their confidence; times in seconds.

    A sound is its symbol, begin, end and confidence.
    """
    return [
        {
            "text": word.text,
            "start": _seconds(word.start),
            "end": _seconds(word.end),
            "language": word.language,
            "confidence": round(sure, 3),
            "phones": [
                [phone.symbol, _seconds(phone.start), _seconds(phone.end), round(each, 3)]
                for phone, each in zip(word.phones, phones, strict=True)
            ],
        }
        for word, sure, phones in zip(found.words, found.words_sure, found.phones_sure, strict=True)
    ]


def to_textgrid(found: Alignment, count: int) -> str:
    """Praat's TextGrid in its long text form, with tiers for words and sounds.

    Praat manual, "TextGrid file formats": intervals cover the whole tier, so what is between
    words is an interval without text.

    Args:
        found: What was aligned.
        count: Samples of the sound.
    """
    words = [(word.start, word.end, word.text) for word in found.words]
    sounds = [(p.start, p.end, p.symbol) for word in found.words for p in word.phones]
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(count)}",
        "tiers? <exists>",
        "size = 2",
        "item []:",
        *_tier(1, "words", words, count),
        *_tier(2, "phones", sounds, count),
    ]
    return "\n".join(lines) + "\n"


def to_ctm(found: Alignment, name: str) -> str:
    """A line a word: recording, channel, begin and duration in seconds, word, confidence."""
    return "".join(
        f"{name} 1 {word.start / RATE:.3f} {(word.end - word.start) / RATE:.3f} {word.text} "
        f"{sure:.3f}\n"
        for word, sure in zip(found.words, found.words_sure, strict=True)
    )


def _tier(
    number: int, name: str, spans: Sequence[tuple[int, int, str]], count: int
) -> Iterable[str]:
    covered = list(_covering(spans, count))
    yield f"    item [{number}]:"
    yield '        class = "IntervalTier"'
    yield f'        name = "{name}"'
    yield "        xmin = 0"
    yield f"        xmax = {_seconds(count)}"
    yield f"        intervals: size = {len(covered)}"
    for place, (start, end, text) in enumerate(covered, start=1):
        quoted = text.replace('"', '""')
        yield f"        intervals [{place}]:"
        yield f"            xmin = {_seconds(start)}"
        yield f"            xmax = {_seconds(end)}"
        yield f'            text = "{quoted}"'


def _covering(spans: Sequence[tuple[int, int, str]], count: int) -> Iterable[tuple[int, int, str]]:
    """With the pauses between; what lasts for no time has no interval."""
    at = 0
    for start, end, text in spans:
        if end <= start:
            continue
        if start > at:
            yield at, start, ""
        yield start, end, text
        at = end
    if at < count:
        yield at, count, ""


def _seconds(samples: int) -> float:
    return round(samples / RATE, _DECIMALS)
