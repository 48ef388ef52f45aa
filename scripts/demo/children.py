"""Commands that a script runs, and that end with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from talkover.core.closing import Closing

_PATIENCE: Final = 25.0
"""Seconds that all have to end by themselves: the server lets running turns finish."""
_LOOK: Final = 0.5
NICE: Final = 10
"""Of what has time: calls go before."""


class CommandError(Exception):
    """A command failed; the message has the end of what it said."""


@dataclass(eq=False)
class Children(Closing):
    """Processes of ``talkover``, each in a session of its own, so that Ctrl-C is ours to tell them.

    Attributes:
        logs: Folder for what they say.
        variables: Of their environment, beside ours.
    """

    logs: Path
    variables: Mapping[str, str]
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, nice: int = 0) -> "subprocess.Popen[bytes]":
        """Start a command; it goes on beside us."""
        command = [sys.executable, "-m", "talkover.core.cli", *arguments]
        if nice:
            command = ["nice", "-n", str(nice), *command]
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as sink:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.variables, "COLUMNS": "160"},
                start_new_session=True,
            )
        self._running[name] = process
        return process

    def run(
        self, name: str, *arguments: str, nice: int = NICE, look: Callable[[], None] = lambda: None
    ) -> int:
        """Run a command to its end; its exit code.

        Args:
            name: Of its log.
            *arguments: Of the command.
            nice: How much it stands back.
            look: Called now and then meanwhile.
        """
        process = self.start(name, *arguments, nice=nice)
        while process.poll() is None:
            look()
            time.sleep(_LOOK)
        return process.returncode

    def need(self, name: str, *arguments: str, look: Callable[[], None] = lambda: None) -> None:
        """The same, of a command without which there is no point in going on.

        Raises:
            CommandError: it failed.
        """
        if self.run(name, *arguments, look=look):
            raise CommandError(f"talkover {' '.join(arguments[:2])} failed:\n{self.said(name)}")

    def __contains__(self, name: str) -> bool:
        """Whether it was started, and was not stopped."""
        return name in self._running

    def ended(self, name: str) -> bool:
        """Whether it has ended by itself."""
        process = self._running.get(name)
        return process is not None and process.poll() is not None

    def stop(self, name: str) -> None:
        """End it as Ctrl-C would, and wait."""
        process = self._running.pop(name, None)
        if process is not None:
            _end([process])

    def log(self, name: str) -> Path:
        """What it says."""
        return self.logs / f"{name}.log"

    def said(self, name: str, lines: int = 12) -> str:
        """The end of it."""
        return "\n".join(self.log(name).read_text("utf-8", "replace").splitlines()[-lines:])

    def close(self) -> None:
        """End all of them."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # they are being ended already
        try:
            _end([*self._running.values()][::-1])  # whom others call goes last
        finally:
            signal.signal(signal.SIGINT, before)


def _end(processes: "list[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    until = time.monotonic() + _PATIENCE
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
