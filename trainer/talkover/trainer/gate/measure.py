"""What bundles' listeners make of what they hear: as they are exported, and as they are served."""

import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.core.errors import BundleError, TalkoverError
from talkover.core.listener import ListenerRuntime, ListenRequest
from talkover.core.listener.golden import compare, read_golden, synthesise
from talkover.core.listener.served import served_variant
from talkover.trainer.data.mouths import Sound
from talkover.trainer.gate.material import Material, Tick
from talkover.trainer.gate.outcome import Group, Outcome, outcome_of, wordless_outcome
from talkover.trainer.gate.verdict import Figures

_THREADS: Final = 1  # unlike two, one never waits for a core that others have taken
_PATIENCE: Final = 300.0  # seconds that a child may take to load and hear
_KB: Final = 1024  # bytes, as kernels count them
_WORDLESS: Final = "en"  # what a listener is told where nobody speaks


@dataclass(slots=True)
class _Tally:
    """What has been measured of a bundle so far."""

    runtime: ListenerRuntime
    outcomes: list[Outcome]
    milliseconds: list[float]

    def read(self, pcm: Sound, language: str) -> tuple[str, bool]:
        """What it writes, and whether it ended it itself."""
        begin = time.perf_counter()
        (transcript,) = self.runtime.transcribe([_request(pcm, language)])
        self.milliseconds.append(1000 * (time.perf_counter() - begin))
        return transcript.text, transcript.best.complete


def open_listener(bundle: Path) -> ListenerRuntime:
    """A bundle's listener, in the precision that is served.

    Raises:
        BundleError: it holds none that can be loaded.
    """
    folder = bundle / "listener"
    return ListenerRuntime(folder, variant=served_variant(folder), threads=_THREADS)


def measure(
    bundles: Sequence[Path],
    peaks: Sequence[float],
    material: Material,
    *,
    tick: Tick = lambda: None,
) -> list[Figures]:
    """Have each bundle hear each sound, in turn, so that a slow minute is slow for all.

    Args:
        bundles: Their folders.
        peaks: ``peak_megabytes`` of each.
        material: What is heard.
        tick: Told after each sound.

    Returns:
        Of each bundle.

    Raises:
        BundleError: one cannot be loaded.
        ModelError: one refuses what it hears.
    """
    tallies = [_Tally(open_listener(bundle), [], []) for bundle in bundles]
    for tally in tallies:
        _warm_up(tally.runtime)
    kinds = (
        (Group.SPOKEN, material.spoken),
        (Group.PEOPLE, material.people),
        (Group.SWITCHED, material.switched),
    )
    for group, examples in kinds:
        for example in examples:
            for tally in tallies:
                text, complete = tally.read(example.pcm, example.language)
                tally.outcomes.append(outcome_of(example, group, text, complete=complete))
            tick()
    for number, sound in enumerate(material.wordless):
        for tally in tallies:
            text, complete = tally.read(sound, _WORDLESS)
            name = f"wordless-{number}"
            tally.outcomes.append(wordless_outcome(name, text, complete=complete))
        tick()
    return [
        Figures(tuple(tally.outcomes), tuple(tally.milliseconds), peak, _golden(bundle, tally))
        for bundle, tally, peak in zip(bundles, tallies, peaks, strict=True)
    ]


def peak_megabytes(bundle: Path) -> float:
    """Memory that a process needs at most to load a bundle's listener and to hear 5 s.

    Raises:
        BundleError: it cannot be loaded, or the process dies of it.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_peak_into, args=(sender, bundle), daemon=True)
    process.start()
    sender.close()  # so that the end of the process is the end of the pipe
    died = BundleError(f"the listener of {bundle.name[:12]} ends or stalls its process")
    try:
        if not receiver.poll(_PATIENCE):
            raise died
        said: dict[str, float | str] = json.loads(receiver.recv_bytes())
    except EOFError:
        raise died from None
    finally:
        process.kill()
        process.join()
        receiver.close()
    if "error" in said:
        raise BundleError(str(said["error"]))
    return float(said["peak"])


def _golden(bundle: Path, tally: _Tally) -> float | None:
    agreement = compare(tally.runtime, read_golden(bundle / "listener"))
    return agreement.share if agreement.places else None


def _peak_into(sender: Connection, bundle: Path) -> None:
    """In a process of its own."""
    try:
        runtime = open_listener(bundle)
        sound = np.tile(synthesise("speechlike", 1), 3)[: 5 * RATE]
        runtime.transcribe([_request(sound, next(iter(runtime.config.languages)))])
    except TalkoverError as error:
        sender.send_bytes(json.dumps({"error": str(error)}).encode())
    else:
        sender.send_bytes(json.dumps({"peak": _high_water()}).encode())


def _high_water() -> float:
    """Most memory that this process has had (MB).

    ``ru_maxrss`` begins with what the parent had when it made this process; Linux knows better.
    """
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else _KB) / 1e6
    return next(float(line.split()[1]) * _KB / 1e6 for line in lines if line.startswith("VmHWM"))


def _warm_up(runtime: ListenerRuntime) -> None:
    """A first run allocates what later ones use again."""
    sound = synthesise("noise", 0)
    runtime.transcribe([_request(sound, next(iter(runtime.config.languages)))])


def _request(pcm: Sound, language: str) -> ListenRequest:
    return ListenRequest(pcm, (language,), words=False)
