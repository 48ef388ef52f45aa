"""Recordings on disk: a FLAC with the caller left and the agent right, and a JSON beside it.

A third channel holds the caller's own voice alone; players that know two channels play a mix, so
it goes into a file of its own, ``.near.flac``.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from talkover.client.bench.duplex.types import CallRecording, Event, Kind, ServerEvent
from talkover.core.errors import AudioError, ConfigError


def save(call: CallRecording, folder: Path) -> Path:
    """Write a call; its JSON last and in one step, so that a call with a JSON is whole.

    Returns:
        The recording's path: ``folder/scenario/split/number.flac``.

    Raises:
        AudioError: the sound cannot be written.
        ConfigError: the JSON cannot.
    """
    sound, near, notes = _paths(call.name, folder)
    try:
        sound.parent.mkdir(parents=True, exist_ok=True)
        both = np.stack([call.caller, call.agent], axis=1)
        soundfile.write(sound, both, call.rate, subtype="PCM_16", format="FLAC")
        soundfile.write(near, call.near, call.rate, subtype="PCM_16", format="FLAC")
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{sound} cannot be written: {error}") from None
    fields = {
        "name": call.name,
        "scenario": call.scenario,
        "split": call.split,
        "transport": call.transport,
        "notes": call.notes,
        "events": [asdict(event) for event in call.events],
        "server": [asdict(event) for event in call.server],
        "words": call.words,
    }
    part = notes.with_suffix(".part")
    try:
        part.write_text(json.dumps(fields, ensure_ascii=False, indent=1), "utf-8")
        part.replace(notes)
    except OSError as error:
        raise ConfigError(f"{notes} cannot be written: {error.strerror}") from None
    return sound


def is_saved(name: str, folder: Path) -> bool:
    """Whether a call of this name is there as a whole."""
    return all(path.is_file() for path in _paths(name, folder))


def remove(name: str, folder: Path) -> None:
    """Forget a call, if it is there; the JSON goes first, so that no half passes for a whole."""
    for path in reversed(_paths(name, folder)):
        path.unlink(missing_ok=True)


def load(name: str, folder: Path) -> CallRecording:
    """Read a call back.

    Raises:
        ConfigError: it is not there, or is not what ``save`` writes.
    """
    sound, alone, notes = _paths(name, folder)
    try:
        fields: dict[str, Any] = json.loads(notes.read_text("utf-8"))
        both, rate = soundfile.read(sound, dtype="int16", always_2d=True)
        near, _ = soundfile.read(alone, dtype="int16")
        return CallRecording(
            name=name,
            scenario=str(fields["scenario"]),
            split=str(fields["split"]),
            transport=str(fields["transport"]),
            rate=rate,
            caller=np.ascontiguousarray(both[:, 0]),
            near=near,
            agent=np.ascontiguousarray(both[:, 1]),
            events=tuple(Event(**{**e, "kind": Kind(e["kind"])}) for e in fields["events"]),
            server=tuple(ServerEvent(**e) for e in fields["server"]),
            words=tuple((str(w), float(a), float(b)) for w, a, b in fields["words"]),
            notes=str(fields["notes"]),
        )
    except (OSError, soundfile.SoundFileError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{notes} cannot be read ({type(error).__name__}); remove it and record it again"
        ) from None


def _paths(name: str, folder: Path) -> tuple[Path, Path, Path]:
    base = folder / name
    return tuple(base.with_name(base.name + end) for end in (".flac", ".near.flac", ".json"))  # type: ignore[return-value] # three of three
