"""What the listener made of a turn, as a record has it."""

from collections.abc import Sequence
from typing import Final

from talkover.core.records import MAX_TEXT, Hypothesis, Word
from talkover.server.session.wire import Segment

_MAX_WORDS: Final = 1_000


def text(segments: Sequence[Segment]) -> str:
    """What was said, in one line."""
    return " ".join(part for segment in segments if (part := segment.text.strip()))[:MAX_TEXT]


def words(segments: Sequence[Segment]) -> tuple[Word, ...]:
    """Words on the media clock."""
    found = [
        Word(
            text=word.text[:1_000],
            start=max(0, segment.start + word.start),
            end=max(0, segment.start + word.end),
            confidence=min(1.0, max(0.0, word.probability)),
        )
        for segment in segments
        for word in segment.words
    ]
    return tuple(found[:_MAX_WORDS])


def n_best(segments: Sequence[Segment]) -> tuple[Hypothesis, ...]:
    """The whole turn's readings: of a turn in one segment all, of a longer one the likeliest."""
    if not segments or any(not segment.transcript.hypotheses for segment in segments):
        return ()
    if len(segments) == 1:
        return tuple(
            Hypothesis(text=one.text[:MAX_TEXT], log_probability=one.log_prob)
            for one in segments[0].transcript.hypotheses[:16]
        )
    total = sum(segment.transcript.hypotheses[0].log_prob for segment in segments)
    return (Hypothesis(text=text(segments), log_probability=total),)
