"""A manifest as Lhotse reads it (Żelasko et al. 2021): cuts, each with its recording and words."""

import gzip
import json
from collections.abc import Iterable
from typing import Any

from talkover.core.clock import RATE


def to_cuts(lines: Iterable[str]) -> bytes:
    """A manifest's lines as ``cuts.jsonl.gz``; the same lines give the same bytes.

    Paths are those of the manifest: ``cuts.with_recording_path_prefix(folder)`` leads to the files.
    """
    cuts = (json.dumps(_cut(json.loads(line)), ensure_ascii=False) for line in lines)
    return gzip.compress("".join(f"{cut}\n" for cut in cuts).encode(), mtime=0)


def _cut(line: dict[str, Any]) -> dict[str, Any]:
    same = {"start": 0, "duration": line["duration"], "channel": 0}
    source = {"type": "file", "channels": [0], "source": line["audio_filepath"]}
    return {
        "id": line["id"],
        **same,
        "supervisions": [{"id": line["id"], "recording_id": line["id"], **same, **_said(line)}],
        "recording": {
            "id": line["id"],
            "sources": [source],
            "sampling_rate": RATE,
            "num_samples": round(line["duration"] * RATE),
            "duration": line["duration"],
            "channel_ids": [0],
        },
        "custom": {name: line[name] for name in ("snr", "noise", "line", "split")},
        "type": "MonoCut",
    }


def _said(line: dict[str, Any]) -> dict[str, Any]:
    words = line["words"]
    known = ("accent", "locale", "languages", "pattern", "engine", "voice", "theme")
    return {
        "text": line["text"],
        "language": line["languages"][0] if len(line["languages"]) == 1 else None,
        "speaker": line["speaker"],
        "alignment": {
            "word": [_item(word["text"], word["start"], word["end"]) for word in words],
            "phone": [_item(*phone) for word in words for phone in word["phones"]],
        },
        "custom": {
            **{name: line[name] for name in known},
            "word_languages": [word["language"] for word in words],
        },
    }


def _item(symbol: str, start: float, end: float) -> list[Any]:
    """Symbol, start, duration and score."""
    return [symbol, start, round(end - start, 5), None]
