"""The one training loop: any step, to be gone on with after any kill with the same next batch.

A stage is a *step* and a *watch*::

    class MyStep:                     # a Step
        def __call__(self, fed: Fed, moment: Moment) -> Iterator[Part]:
            for part in fed.parts(4):                       # a few examples at a time
                yield Part(loss_of(part), {"loss": 1.2})    # losses of a step add up
        def state_dict(self) -> ...   # what it needs to go on, as JSON
        def load_state_dict(self, state) -> ...

The loop asks the feed for examples, takes the gradient of each part as it comes, averages it over
processes, clips it, moves the weights, and asks the watch what it thinks of the step's figures:
GO; GOOD: these weights are kept as the last good ones; BACK: go back to them, and on more softly;
STOP: go back to them, and end. The stage ends with the last good weights, if anybody watches.
Random numbers are drawn from ``moment.seed``: there are none to be kept.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from pydantic import JsonValue

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.policy.checkpoint import (
    Progress,
    latest,
    read_checkpoint,
    write_checkpoint,
)
from talkover.trainer.policy.model import Policy
from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.feed import Feed
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.run import GOOD, Run
from talkover.trainer.stages.step import Look, Moment, Part, Step, Verdict, Watch
from talkover.trainer.stages.together import Place

_SEEDS: Final = 1_000_003
"""Between the seeds of two steps: more than a step draws from."""


class Ended(NamedTuple):
    """How far a stage came.

    Attributes:
        step: So many are done.
        done: Whether the stage is; else somebody interrupted it.
        reason: Why its last look made it end with earlier weights; empty: it did not.
        seconds: Of computing, looks not counted.
        backs: When and why it went back to earlier weights.
    """

    step: int
    done: bool
    reason: str
    seconds: float
    backs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reached:
    step: int = 0
    seconds: float = 0.0
    reason: str = ""
    done: bool = False
    backs: tuple[str, ...] = ()


class Loop:
    """Trains a policy in a stage of a run.

    Args:
        policy: Learns; as the stage finds it.
        step: Makes losses.
        feed: Gives examples.
        watch: Looks after what was known.
        run: Where it is written down, by the first process.
        stage: Its name.
        pace: How fast.
        seed: Of what steps draw.
        place: Who this process is.

    Raises:
        DataError: nothing of the policy learns.
    """

    def __init__(
        self,
        policy: Policy,
        step: Step,
        feed: Feed,
        watch: Watch,
        *,
        run: Run,
        stage: str,
        pace: Pace,
        seed: int = 0,
        place: Place | None = None,
    ) -> None:
        self._policy, self._step, self._feed, self._watch = policy, step, feed, watch
        self._run, self._stage, self._pace, self._seed = run, stage, pace, seed
        self._place = place or Place()
        self._folder = run.checkpoints(stage)
        self._learnt = [one for one in policy.parameters() if one.requires_grad]
        if not self._learnt:
            raise DataError("nothing of this policy learns; use another tuning")
        self._optimiser = torch.optim.AdamW(
            self._learnt, lr=pace.rate, betas=(0.9, 0.98), weight_decay=pace.decay
        )
        # What a stage costs is told in seconds of a processor, or of a GPU.
        self._clock = time.perf_counter if self._learnt[0].is_cuda else time.process_time
        self._reached = _Reached()
        self._sums: dict[str, list[float]] = {}

    def go(
        self, tell: Callable[[int, Mapping[str, float]], None] = lambda _step, _figures: None
    ) -> Ended:
        """Train until the stage is done, or somebody interrupts it.

        Args:
            tell: Told after each step how many are done, and its figures.

        Raises:
            DataError: an example cannot be made, or a checkpoint is of another stage.
        """
        self._resume()
        reached = self._reached
        with interrupts() as asked:
            while not reached.done:
                figures = self._advance()
                last = reached.step >= self._pace.steps
                look = self._look(figures, last=last)
                stopped = bool(self._place.agree([asked()])[0])
                self._log({**figures, **look.figures}, told=bool(look.figures) or last or stopped)
                tell(reached.step, {**figures, **look.figures})
                due = reached.done or stopped or reached.step % self._pace.keep == 0
                if due or look.verdict is not Verdict.GO:
                    self._save(self._folder)
                if stopped:
                    break
        return Ended(reached.step, reached.done, reached.reason, reached.seconds, reached.backs)

    def _advance(self) -> dict[str, float]:
        """One step."""
        begun, reached = self._clock(), self._reached
        windows = self._windows()
        fed = self._feed.take(self._pace.examples, windows)
        draw = (reached.step * self._place.ranks + self._place.rank) * _SEEDS + self._seed
        self._optimiser.zero_grad()
        means = _Means()
        for part in self._step(fed, Moment(reached.step, draw)):
            if part.loss is not None:
                part.loss.backward()  # type: ignore[no-untyped-call]
            means.add(part)
        self._place.average(self._learnt)
        norm = torch.nn.utils.clip_grad_norm_(self._learnt, self._pace.clip)
        rate = self._pace.rate_at(reached.step, len(reached.backs))
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        whole = bool(torch.isfinite(norm))
        if whole:  # else one broken sound would break the model for good
            self._optimiser.step()
        reached.step += 1
        reached.seconds += self._clock() - begun
        told = {"gradient": float(norm)} if whole else {"broken": 1.0}
        return {**means.all(), **told, "rate": rate, "window": windows.shortest / RATE}

    def _look(self, figures: Mapping[str, float], *, last: bool) -> Look:
        """Have the watch look, and do what it says."""
        look, reached = Look(), self._reached
        if self._place.first:
            look = self._watch.look(reached.step, figures, last=last)
        verdict = Verdict(self._place.agree([look.verdict])[0])
        look = replace(look, verdict=verdict)
        reached.done = last or verdict is Verdict.STOP
        if verdict is Verdict.GOOD:
            self._save(self._folder / GOOD, keep=1)
        elif verdict is not Verdict.GO:
            reached.backs += (f"step {reached.step}: {look.reason}",)
            reached.reason = look.reason if reached.done else ""
            self._read(self._folder / GOOD)
        return look

    def _windows(self) -> Windows:
        """Those of the first process's watch."""
        mine = self._watch.windows
        sizes = (mine.shortest, mine.longest, mine.margin)
        return Windows(*self._place.agree(sizes if self._place.first else (0, 0, 0)))

    def _log(self, figures: Mapping[str, float], *, told: bool) -> None:
        for name, value in figures.items():
            self._sums.setdefault(name, []).append(value)
        if self._place.first and (told or self._reached.step % self._pace.tell == 0):
            means = {name: sum(some) / len(some) for name, some in self._sums.items()}
            self._run.log(self._stage, self._reached.step, means)
            self._sums.clear()

    def _save(self, folder: Path, *, keep: int = 2) -> None:
        feeds: JsonValue = [dict(one) for one in self._place.gather(self._feed.state_dict())]
        if not self._place.first:
            return
        reached = self._reached
        told: dict[str, JsonValue] = {
            "stage": self._stage,
            "done": reached.done,
            "reason": reached.reason,
            "seconds": reached.seconds,
            "backs": list(reached.backs),
            "feeds": feeds,
            "step": self._step.state_dict(),
            "watch": self._watch.state_dict(),
        }
        progress = Progress(reached.step, told)
        write_checkpoint(folder, self._policy, self._optimiser, progress, keep=keep)

    def _resume(self) -> None:
        """Go to where the last checkpoint was; else make the first one, to come back to."""
        path = latest(self._folder)
        if path is None:
            self._save(self._folder / GOOD, keep=1)
            self._place.agree([0])  # nobody reads before it is written
            self._forget()
            return
        progress = read_checkpoint(path, self._policy, self._optimiser)
        told: Mapping[str, Any] = progress.told
        if told.get("stage") != self._stage or len(told["feeds"]) != self._place.ranks:
            raise DataError(
                f"{path} is of stage {told.get('stage')!r} with {len(told['feeds'])} processes; go "
                "on with as many as it was begun with"
            )
        self._reached = _Reached(
            progress.step,
            told["seconds"],
            told["reason"],
            told["done"],
            tuple(told["backs"]),
        )
        self._feed.load_state_dict(told["feeds"][self._place.rank])
        self._step.load_state_dict(told["step"])
        self._watch.load_state_dict(told["watch"])
        self._forget()

    def _forget(self) -> None:
        """Figures of steps that are done again."""
        if self._place.first:
            self._run.rewind(self._stage, self._reached.step)

    def _read(self, folder: Path) -> None:
        """Go back to weights, and to what the optimiser knew of them; all else goes on."""
        path = latest(folder)
        if path is None:
            raise DataError(f"{folder} has been removed; there are no good weights to go back to")
        read_checkpoint(path, self._policy, self._optimiser)


class _Means:
    """Figures of the parts of a step."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._weights: dict[str, float] = {}

    def add(self, part: Part) -> None:
        for name, value in part.figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + part.weight * value
            self._weights[name] = self._weights.get(name, 0.0) + part.weight

    def all(self) -> dict[str, float]:
        return {name: self._sums[name] / weight for name, weight in self._weights.items() if weight}


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; pressed again, it ends all at once."""
    pressed = threading.Event()

    def press(_number: int, _frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
