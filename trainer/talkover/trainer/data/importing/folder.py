"""Folders of recordings, each with a ``.txt`` of the same name, or one file of transcripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.importing.entries import Entry, Item, Reason, Refused, refused
from talkover.trainer.data.importing.reading import read_lines, read_text

SOUNDS: Final = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au"})
TRANSCRIPTS: Final = ("transcripts.tsv", "transcripts.txt", "metadata.csv")
"""A line is a name, with its ending or without, a tab or ``|``, and what is said."""


def read_folder(folder: Path, *, speakers: bool) -> Iterator[Item]:
    """Entries of a folder and those below.

    Args:
        folder: To look through.
        speakers: A recording's first folder is its speaker's name.

    Raises:
        DataError: it is no folder, or a file of transcripts cannot be read to its end.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; name another --format")
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    told: dict[str, tuple[str, str]] = {}
    for name in TRANSCRIPTS:
        if (folder / name).is_file():
            yield from _transcripts(folder / name, told)
    texts = {path.with_suffix("") for path in found if _is_text(path, folder)}
    for path in found:
        if path.suffix.lower() not in SOUNDS:
            continue
        audio = path.relative_to(folder)
        stem = path.with_suffix("")
        if stem in texts:
            where = audio.with_suffix(".txt").as_posix()
            text = read_text(stem.with_suffix(".txt"), where)
            texts.discard(stem)
        else:
            where, text = _told(told, audio)
        speaker = audio.parts[0] if speakers and len(audio.parts) > 1 else ""
        if isinstance(text, Refused):
            yield Refused(text.where, audio.as_posix(), text.findings)
        else:
            yield Entry(where, audio.as_posix(), text.strip(), speaker=speaker)
    for stem in sorted(texts):
        where = stem.relative_to(folder).with_suffix(".txt").as_posix()
        yield refused(where, Reason.MISSING, "no recording of this name")
    for name, (where, _) in told.items():
        yield refused(where, Reason.MISSING, "no such recording", audio=name)


def _is_text(path: Path, folder: Path) -> bool:
    return path.suffix == ".txt" and not (path.parent == folder and path.name in TRANSCRIPTS)


def _told(told: dict[str, tuple[str, str]], audio: Path) -> tuple[str, str]:
    """Where a file of transcripts has a recording, and what is said; each is taken once."""
    for name in (audio.as_posix(), audio.with_suffix("").as_posix()):
        if name in told:
            return told.pop(name)
    return audio.as_posix(), ""


def _transcripts(path: Path, told: dict[str, tuple[str, str]]) -> Iterator[Refused]:
    for where, line in read_lines(path):
        if isinstance(line, Refused):
            yield line
            continue
        name, mark, text = line.partition("\t" if "\t" in line else "|")
        if not mark:
            yield refused(where, Reason.BAD_LINE, "neither a tab nor a | after the name")
        elif name.strip() in told:
            yield refused(where, Reason.BAD_LINE, "a second transcript", audio=name.strip())
        else:
            told[name.strip()] = (where, text)
