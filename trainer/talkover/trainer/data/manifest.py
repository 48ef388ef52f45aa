"""A line of a manifest: an utterance as JSON, and back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from talkover.core.clock import RATE
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.texts import Split
from talkover.trainer.data.timing import TimedPhone, TimedWord

_DECIMALS: Final = 5  # of seconds: a sample is known again


def to_line(made: Made, path: Path) -> str:
    """A line; ``path`` is of the audio, from the manifest's folder. Times are in seconds."""
    said = made.clean
    return json.dumps(
        {
            "id": said.name,
            "audio_filepath": path.as_posix(),
            "duration": _seconds(len(made.pcm)),
            "text": said.text,
            "split": said.split.value,
            "theme": said.theme,
            "accent": said.accent,
            "locale": said.locale,
            "languages": said.languages,
            "pattern": said.pattern,
            "engine": said.engine,
            "voice": said.voice,
            "speaker": said.speaker,
            "snr": made.snr if made.snr is None else round(made.snr, 1),
            "noise": made.noise,
            "line": asdict(made.line),
            "words": list(map(_word, said.words)),
        },
        ensure_ascii=False,
    )


def from_line(line: dict[str, Any], name: str, pcm: Sound) -> Clean:
    """What a line says of its audio; of what it does not tell, nothing is known.

    Args:
        line: Any manifest's, of which ``audio_filepath`` alone must be there.
        name: Where it has no ``id``.
        pcm: float32 [n] at 16 kHz.

    Raises:
        KeyError, TypeError, ValueError: it is no such line.
    """
    return Clean(
        str(line.get("id", name)),
        Split(line.get("split", Split.TRAIN)),
        pcm,
        str(line.get("text", "")),
        tuple(_timed(word) for word in line.get("words", ())),
        languages=tuple(line.get("languages", ())),
        **{name: str(line.get(name, "")) for name in _PLAIN},
    )


_PLAIN: Final = ("theme", "accent", "locale", "pattern", "engine", "voice", "speaker")


def _word(word: TimedWord) -> dict[str, Any]:
    return {
        "text": word.text,
        "start": _seconds(word.start),
        "end": _seconds(word.end),
        "language": word.language,
        "phones": [[p.symbol, _seconds(p.start), _seconds(p.end)] for p in word.phones],
    }


def _timed(word: dict[str, Any]) -> TimedWord:
    phones = word.get("phones", ())
    return TimedWord(
        str(word["text"]),
        _samples(word["start"]),
        _samples(word["end"]),
        tuple(TimedPhone(symbol, _samples(begin), _samples(end)) for symbol, begin, end in phones),
        str(word.get("language", "")),
    )


def _seconds(samples: int) -> float:
    return round(samples / RATE, _DECIMALS)


def _samples(seconds: float) -> int:
    return round(seconds * RATE)
