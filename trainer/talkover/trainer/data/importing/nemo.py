"""NeMo manifests: JSONL with ``audio_filepath``, ``duration``, ``text``, perhaps ``offset``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from talkover.trainer.data.importing.entries import Entry, Item, Reason, Refused, refused
from talkover.trainer.data.importing.reading import number, read_json_lines, text_of

_LOCALE: Final = ("locale", "lang", "language")
_TRAITS: Final = ("gender", "age")


def read_nemo(path: Path) -> Iterator[Item]:
    """Entries of a manifest.

    Raises:
        DataError: the file cannot be read to its end.
    """
    for where, line in read_json_lines(path):
        yield line if isinstance(line, Refused) else _entry(where, line)


def _entry(where: str, line: dict[str, Any]) -> Item:
    audio = line.get("audio_filepath")
    if not isinstance(audio, str) or not audio:
        return refused(where, Reason.BAD_LINE, "no audio_filepath")
    seconds = number(line.get("duration"))
    if seconds is None and line.get("duration") is not None:
        return refused(where, Reason.BAD_LINE, "duration is no number", audio=audio)
    part = line.get("offset") is not None
    begin = number(line["offset"]) if part else 0.0
    if begin is None or begin < 0:
        return refused(where, Reason.BAD_LINE, "offset is no number from 0 on", audio=audio)
    return Entry(
        where,
        audio,
        text_of(line.get("text")),
        begin=begin,
        seconds=seconds if part else None,
        claimed=None if part else seconds,
        speaker=text_of(line.get("speaker")),
        locale=next((text_of(line[name]) for name in _LOCALE if line.get(name)), ""),
        accent=text_of(line.get("accent")),
        traits={name: text_of(line[name]) for name in _TRAITS if text_of(line.get(name))},
    )
