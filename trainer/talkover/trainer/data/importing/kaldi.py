"""Kaldi data folders: ``wav.scp``, ``text``, ``utt2spk``, perhaps ``segments``.

A ``wav.scp`` may hold shell commands that end in a pipe. They are never run.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.importing.entries import Entry, Item, Reason, Refused, refused
from talkover.trainer.data.importing.reading import number, read_lines

_ARCHIVE: Final = re.compile(r":\d+$")
_GENDERS: Final = {"m": "male", "f": "female"}


def read_kaldi(folder: Path) -> Iterator[Item]:
    """Entries of a folder.

    Raises:
        DataError: the folder has no ``wav.scp`` or no ``text``, or one cannot be read to its end.
    """
    for name in ("wav.scp", "text"):
        if not (folder / name).is_file():
            raise DataError(f"{folder} is no Kaldi folder: it has no {name}")
    recordings: dict[str, str | Refused] = {}
    for where, line in read_lines(folder / "wav.scp"):
        if isinstance(line, Refused):
            yield line
            continue
        name, rest = _first(line)
        recordings[name] = _path(where, name, rest)
    segments = folder / "segments"
    spans = _segments(segments) if segments.is_file() else _whole(recordings)
    yield from _utterances(folder, recordings, spans)


def _utterances(
    folder: Path,
    recordings: dict[str, str | Refused],
    spans: Iterator[tuple[str, str, float, float | None] | Refused],
) -> Iterator[Item]:
    texts: dict[str, str | Refused] = {}
    for where, line in read_lines(folder / "text"):
        if isinstance(line, Refused):
            yield line
        else:
            name, said = _first(line)
            texts[name] = said if name not in texts else refused(name, Reason.BAD_LINE, where)
    speakers, locales = _table(folder / "utt2spk"), _table(folder / "utt2lang")
    genders = _table(folder / "spk2gender")
    for span in spans:
        if isinstance(span, Refused):
            yield span
            continue
        name, recording, begin, end = span
        audio = recordings.get(recording, refused(name, Reason.MISSING, "not in wav.scp"))
        text = texts.pop(name, "")
        if isinstance(audio, Refused) or isinstance(text, Refused):
            yield (
                audio
                if isinstance(audio, Refused)
                else refused(name, Reason.BAD_LINE, "twice in text")
            )
            continue
        gender = genders.get(speakers.get(name, ""), "")
        yield Entry(
            name,
            audio,
            text,
            begin=begin,
            seconds=None if end is None else end - begin,
            speaker=speakers.get(name, ""),
            locale=locales.get(name, ""),
            traits={"gender": _GENDERS.get(gender, gender)} if gender else {},
        )
    for name in texts:
        yield refused(name, Reason.MISSING, "in text, and no recording of it")


def _path(where: str, name: str, rest: str) -> str | Refused:
    if rest.endswith("|") or rest.startswith("|"):
        return refused(where, Reason.COMMAND, "write its output to a file", audio=name)
    if not rest or rest == "-":
        return refused(where, Reason.BAD_LINE, "no path", audio=name)
    if _ARCHIVE.search(rest):
        return refused(where, Reason.BAD_LINE, "a place in an archive", audio=name)
    return rest


def _whole(
    recordings: dict[str, str | Refused],
) -> Iterator[tuple[str, str, float, float | None] | Refused]:
    for name in recordings:
        yield name, name, 0.0, None


def _segments(path: Path) -> Iterator[tuple[str, str, float, float | None] | Refused]:
    for where, line in read_lines(path):
        if isinstance(line, Refused):
            yield line
            continue
        parts = line.split()
        begin, end = (number(part) for part in (parts + ["", ""] * 2)[2:4])
        if len(parts) != 4 or begin is None or end is None or begin < 0:
            yield refused(where, Reason.BAD_LINE, "no utterance, recording, begin and end")
        else:
            yield parts[0], parts[1], begin, None if end < 0 else end


def _table(path: Path) -> dict[str, str]:
    """Names and what stands beside them; a line that cannot be read leaves its name unknown."""
    if not path.is_file():
        return {}
    return dict(_first(line) for _, line in read_lines(path) if not isinstance(line, Refused))


def _first(line: str) -> tuple[str, str]:
    name, _, rest = line.strip().partition(" ")
    if "\t" in name:
        name, _, rest = line.strip().partition("\t")
    return name, rest.strip()
