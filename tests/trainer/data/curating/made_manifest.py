"""Manifests that are made up, with or without their audio."""

import json

import numpy as np
import soundfile

RATE = 16_000


def line(number, **told):
    """An utterance of two seconds in every respect like others."""
    return {
        "id": f"u{number:05d}",
        "audio_filepath": f"audio/{number}.flac",
        "duration": 2.0,
        "text": f"this is number {number}",
        "split": "train",
        "theme": "everyday",
        "accent": "scottish",
        "locale": "en-GB",
        "languages": ["en"],
        "pattern": "",
        "engine": "espeak",
        "voice": "m1",
        "speaker": f"s{number % 7}",
        "snr": 12.0,
        "noise": "noise 1.5",
        "line": {"codec": "mulaw", "decay": 0.0},
        "words": [],
        **told,
    }


def written(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")
    return path


def with_audio(path, lines):
    random = np.random.default_rng(0)
    for one in lines:
        audio = path.parent / one["audio_filepath"]
        audio.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(audio, random.standard_normal(2 * RATE) * 0.1, RATE)
    return written(path, lines)
