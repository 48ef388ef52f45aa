"""Lhotse manifests: cuts, or recordings and supervisions, as JSONL.

Read directly: a recording of type ``command`` is a shell command, and Lhotse would run it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import DataError
from talkover.trainer.data.importing.entries import Entry, Item, Reason, Refused, refused
from talkover.trainer.data.importing.reading import number, read_json_lines, text_of

_RESAMPLED: Final = "Resample"  # which happens here in any case
_ENDS: Final = (".jsonl.gz", ".jsonl")
_TRAITS: Final = ("gender", "age")
_SOURCES: Final = {
    "command": Reason.COMMAND,
    "url": Reason.OUTSIDE,
    "memory": Reason.BAD_LINE,
    "shar": Reason.BAD_LINE,
}


def read_lhotse(path: Path) -> Iterator[Item]:
    """Entries of a file of cuts, or of a folder with cuts or with recordings and supervisions.

    Raises:
        DataError: the folder has neither, or a file cannot be read to its end.
    """
    if path.is_file():
        yield from _cuts(path)
        return
    if cuts := _named(path, "cuts"):
        for file in cuts:
            yield from _cuts(file)
        return
    recordings, supervisions = _named(path, "recordings"), _named(path, "supervisions")
    if not recordings or not supervisions:
        raise DataError(f"{path} has neither cuts*.jsonl nor recordings*.jsonl and supervisions*")
    yield from _supervisions(recordings, supervisions)


def _named(folder: Path, name: str) -> list[Path]:
    """Files of a kind, wherever ``name`` stands in their names."""
    found = (path for path in folder.iterdir() if path.is_file())
    return sorted(path for path in found if name in path.name and path.name.endswith(_ENDS))


def _cuts(path: Path) -> Iterator[Item]:
    for where, cut in read_json_lines(path):
        if isinstance(cut, Refused):
            yield cut
            continue
        recording = cut.get("recording")
        start = number(cut.get("start"))
        if not isinstance(recording, dict) or start is None:
            kind = text_of(cut.get("type")) or "a line"
            yield refused(where, Reason.BAD_LINE, f"{kind} is no cut of one recording")
            continue
        supervisions = cut.get("supervisions")
        if not isinstance(supervisions, list) or not supervisions:
            yield refused(where, Reason.NO_TEXT, "no supervision", audio=_audio(recording))
            continue
        for one in supervisions:
            yield _entry(where, recording, one, start)


def _supervisions(recordings: list[Path], supervisions: list[Path]) -> Iterator[Item]:
    known: dict[str, dict[str, Any]] = {}
    spoken: set[str] = set()
    for file in recordings:
        for where, line in read_json_lines(file):
            if isinstance(line, Refused):
                yield line
            elif isinstance(line.get("id"), str):
                known[line["id"]] = line
            else:
                yield refused(where, Reason.BAD_LINE, "a recording without id")
    for file in supervisions:
        for where, line in read_json_lines(file):
            if isinstance(line, Refused):
                yield line
                continue
            name = text_of(line.get("recording_id"))
            spoken.add(name)
            if name in known:
                yield _entry(where, known[name], line, 0.0)
            else:
                yield refused(where, Reason.MISSING, f"no recording {name!r}")
    for name in known.keys() - spoken:
        yield refused(name, Reason.NO_TEXT, "no supervision", audio=_audio(known[name]))


def _entry(where: str, recording: dict[str, Any], supervision: Any, start: float) -> Item:
    """One supervision; those of a cut count from where the cut starts."""
    if not isinstance(supervision, dict):
        return refused(where, Reason.BAD_LINE, "a supervision is no object")
    audio = _audio(recording)
    source = _source(recording)
    if source is None:
        return refused(where, Reason.BAD_LINE, "a recording is not in one file", audio=audio)
    if (kind := text_of(source.get("type"))) != "file":
        detail = f"its source is a {kind or 'thing unnamed'}, and no file"
        return refused(where, _SOURCES.get(kind, Reason.BAD_LINE), detail, audio=audio)
    begin, seconds = number(supervision.get("start")), number(supervision.get("duration"))
    if begin is None or seconds is None:
        return refused(where, Reason.BAD_LINE, "start or duration is no number", audio=audio)
    changed = _changes(recording)
    if changed - {_RESAMPLED}:
        detail = "the recording is changed as it is read; save it as it should be"
        return refused(where, Reason.BAD_LINE, detail, audio=audio)
    rate = None if changed else number(recording.get("sampling_rate"))
    channels = source.get("channels")
    channel = supervision.get("channel", 0)
    several = isinstance(channels, list) and len(channels) > 1
    return Entry(
        where,
        audio,
        text_of(supervision.get("text")),
        begin=max(start + begin, 0.0),
        seconds=seconds + min(start + begin, 0.0),
        claimed=number(recording.get("duration")),
        rate=None if rate is None else round(rate),
        channel=channel if several and isinstance(channel, int) else None,
        speaker=text_of(supervision.get("speaker")),
        locale=_trait(supervision, "locale") or text_of(supervision.get("language")),
        accent=_trait(supervision, "accent"),
        traits={name: found for name in _TRAITS if (found := _trait(supervision, name))},
    )


def _changes(recording: dict[str, Any]) -> set[str]:
    """What Lhotse would do to a recording."""
    changes = recording.get("transforms")
    listed = changes if isinstance(changes, list) else []
    return {text_of(one.get("name")) if isinstance(one, dict) else "" for one in listed}


def _trait(supervision: dict[str, Any], name: str) -> str:
    """Of the supervision, or of what its makers added to it."""
    custom = supervision.get("custom")
    added = custom.get(name) if isinstance(custom, dict) else None
    return text_of(supervision.get(name)) or text_of(added)


def _source(recording: dict[str, Any]) -> dict[str, Any] | None:
    sources = recording.get("sources")
    if isinstance(sources, list) and len(sources) == 1 and isinstance(sources[0], dict):
        return sources[0]
    return None


def _audio(recording: dict[str, Any]) -> str:
    source = _source(recording)
    return text_of(source.get("source")) if source else ""
