"""eSpeak NG in a process of its own, so that the same phonemes always sound the same.

The library's noise and flutter go on from call to call. So a small process starts it once and
leaves each utterance to a fork of itself: every one begins in the same state, whatever was said
before, and nothing of it stays.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from threading import Lock
from typing import IO, Any, Final

import numpy as np

from talkover.core.closing import Closing
from talkover.core.errors import ConfigError
from talkover.trainer.data.native import Espeak, Manner, Uttered

_CLOSING: Final = 5.0  # seconds
_HEAD: Final = 100_000  # bytes of a header


class Throat(Closing):
    """Says phonemes. Calls from several threads take turns; more throats speak at once.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def close(self) -> None:
        """It says no more."""
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                self._process.wait(_CLOSING)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def utter(self, text: str, manner: Manner) -> Uttered:
        """Say a text; phonemes of the voice's table stand in double brackets.

        Raises:
            ConfigError: there is no such voice, or eSpeak failed or is not installed.
        """
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise ConfigError("the process that speaks has no pipes")
        with self._lock:
            try:
                asked.write(json.dumps({"text": text, **asdict(manner)}).encode() + b"\n")
                asked.flush()
                head = json.loads(answers.readline(_HEAD) or b"{}")
                data = answers.read(head.get("bytes", 0))
            except (OSError, ValueError) as error:
                raise ConfigError(f"the process that speaks has ended ({error})") from None
        if "rate" not in head:
            raise ConfigError(head.get("error", "the process that speaks has ended"))
        return Uttered(
            np.frombuffer(data, np.int16),
            head["rate"],
            tuple((begin, name) for begin, name in head["phones"]),
        )


def _serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Answer one line after another, until there are no more."""
    library = Espeak()
    for line in asked:
        child = os.fork()
        if not child:
            _answer(library, json.loads(line), answers)
        _, status = os.waitpid(child, 0)
        if status:
            _write(answers, {"error": f"espeak-ng broke down (status {status})"}, b"")


def _answer(library: Espeak, given: dict[str, Any], answers: IO[bytes]) -> None:
    """In a fork, which ends with it."""
    text = given.pop("text")
    try:
        uttered = library.utter(text, Manner(**given))
    except ConfigError as error:
        _write(answers, {"error": str(error)}, b"")
    else:
        head = {"rate": uttered.rate, "phones": uttered.phones}
        _write(answers, head, uttered.pcm.tobytes())
    os._exit(0)


def _write(answers: IO[bytes], head: dict[str, Any], data: bytes) -> None:
    answers.write(json.dumps({**head, "bytes": len(data)}).encode() + b"\n" + data)
    answers.flush()


if __name__ == "__main__":
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except ConfigError as failure:
        _write(sys.stdout.buffer, {"error": str(failure)}, b"")
    except KeyboardInterrupt:
        pass  # whoever asked was interrupted, too
