"""How fast a bundle's listener is beside stock Whisper: one utterance of 5 s, both in turn.

The encoder and the decoder of both, on two threads; stock Whisper on its 30 s, the bundle on the
window that its own rule gives it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import torch

from talkover.core.listener import LONGEST, Variant
from talkover.core.report import Measure, percentile, percentile_interval
from talkover.trainer.evaluation.exported import Exported
from talkover.trainer.evaluation.readings import Reading
from talkover.trainer.evaluation.stock import StockWhisper
from talkover.trainer.evaluation.timing import Watch, in_turns
from talkover.trainer.evaluation.utterances import utterance_of

SECONDS: Final = 5.0
"""Of the utterance."""
THREADS: Final = 2
REPEATS: Final = 9
_TIMES: Final = 4.0
"""As fast as stock at least."""
_MILLISECONDS: Final = 150.0
"""That it may take."""


def measure_speed(
    weights: Path,
    listener: Path,
    variant: Variant,
    *,
    repeats: int,
    step: Callable[[], None] = lambda: None,
) -> list[Measure]:
    """Time both, and what others took of the processor meanwhile.

    Args:
        weights: The base weights.
        listener: Of a bundle.
        variant: Of its weights.
        repeats: How often.
        step: Called after each.

    Raises:
        ConfigError: there are no recordings on this machine.
        WeightsError, BundleError: one of them cannot be loaded.
    """
    torch.set_num_threads(THREADS)
    said = utterance_of(SECONDS)
    stock, exported = StockWhisper(weights), Exported(listener, variant, threads=THREADS)
    tasks: dict[str, Callable[[], Reading]] = {
        "stock": partial(stock.read, said.pcm, said.language, LONGEST),
        variant: partial(exported.read, said.pcm, said.language),
    }
    watch = Watch()
    _, taken = in_turns(tasks, repeats, step)
    about = f"{said.seconds:.1f} s of speech, {THREADS} threads"
    found = speed_measures(taken["stock"], taken[variant], about)
    others = watch.others()
    if others is not None:
        note = "times and ratios mean little much above 0"
        found.append(Measure("taken by others", others, "cores", n=1, note=note))
    return found


def speed_measures(stock: Sequence[float], ours: Sequence[float], about: str) -> list[Measure]:
    """The bars, from milliseconds of rounds in which both were timed. Pure."""
    times = [one / other for one, other in zip(stock, ours, strict=True)]
    ratio, median = percentile(times, 50), percentile(ours, 50)
    return [
        Measure(
            "speed: the bundle's listener against stock on 30 s",
            ratio,
            "times",
            len(times),
            percentile_interval(times, 50),
            f">= {_TIMES:g}",
            ratio >= _TIMES,
            about,
        ),
        Measure(
            "speed: the bundle's listener",
            median,
            "ms",
            len(ours),
            percentile_interval(ours, 50),
            f"<= {_MILLISECONDS:g}",
            median <= _MILLISECONDS,
            about,
        ),
    ]
