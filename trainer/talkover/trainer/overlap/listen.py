"""What a listener makes of an overlap while it goes on: really asked, late, and remembered."""

import json
from collections.abc import Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.listener.runtime import ListenerRuntime
from talkover.core.listener.types import ListenRequest

EVERY: Final = 0.25
"""Seconds between two looks at an overlap."""
LATE: Final = 0.3
"""Seconds from the end of the audio until its words are there."""
LOOKS: Final = 5
"""As many as can be there 1.6 s after the onset."""
_TOKENS: Final = 24
_VARIANT: Final = "int8"
_FILE: Final = "transcripts.jsonl"


class Transcripts:
    """The partial transcripts of overlaps, kept in a file so that each is made once.

    Several threads may ask; they are served one after another.

    Args:
        listener: The folder of a bundle's listener.
        folder: Where they are kept, apart for each listener.
    """

    def __init__(self, listener: Path, folder: Path) -> None:
        self._listener = listener
        self._runtime: ListenerRuntime | None = None
        self._path = folder / _identity(listener) / _FILE
        self._known: dict[str, str] = {}
        self._lock = Lock()
        self.asked = 0
        if self._path.is_file():
            for line in self._path.read_text("utf-8").splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry["text"]

    def of(self, stretches: Sequence[NDArray[np.int16]], language: str) -> list[str]:
        """Write down stretches of int16 sound at 16 kHz.

        Args:
            stretches: int16 [n] each.
            language: ISO 639-1 of whoever speaks.
        """
        with self._lock:
            return self._of(stretches, language)

    def _of(self, stretches: Sequence[NDArray[np.int16]], language: str) -> list[str]:
        keys = [sha256(language.encode() + pcm.tobytes()).hexdigest()[:32] for pcm in stretches]
        missing = [place for place, key in enumerate(keys) if key not in self._known]
        if missing:
            self._ask([stretches[place] for place in missing], [keys[p] for p in missing], language)
        return [self._known[key] for key in keys]

    def _ask(
        self, stretches: Sequence[NDArray[np.int16]], keys: Sequence[str], language: str
    ) -> None:
        runtime = self._runtime = self._runtime or ListenerRuntime(self._listener, variant=_VARIANT)
        requests = [
            ListenRequest(
                pcm.astype(np.float32) / np.float32(32_768),
                (language,),
                words=False,
                max_tokens=_TOKENS,
            )
            for pcm in stretches
        ]
        found = runtime.transcribe(requests)
        self.asked += len(found)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            for key, transcript in zip(keys, found, strict=True):
                self._known[key] = transcript.text
                file.write(json.dumps({"key": key, "text": transcript.text}) + "\n")


def _identity(listener: Path) -> str:
    """Of what it says: other bundles may hold the same listener."""
    digest = sha256()
    for path in sorted((listener / _VARIANT).iterdir()):
        with path.open("rb") as file:
            digest.update(file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def look_ends() -> tuple[int, ...]:
    """Samples after the onset at which the looks end."""
    return tuple(round(EVERY * RATE * (look + 1)) for look in range(LOOKS))
