"""``talkover learn`` at work: records come in on one thread, and runs go on on the other."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from types import FrameType
from typing import Any, Final

import structlog
from rich.console import Console

from talkover.core.errors import TalkoverError, TraceError, WeightsError
from talkover.core.learning.items import Items, State
from talkover.core.learning.ledger import learning_folder
from talkover.core.learning.runs import Runs
from talkover.core.redis_url import redis_url as url_of
from talkover.core.report import progress_bar
from talkover.core.settings import Settings
from talkover.core.traces.blobs import blob_store
from talkover.core.traces.connecting import connect
from talkover.core.weights.disk import locked
from talkover.trainer.learning.consumer import Consumer
from talkover.trainer.learning.cycle import Came, Cycle, advance
from talkover.trainer.learning.filters import Limits
from talkover.trainer.learning.inbox import Inbox
from talkover.trainer.learning.labelling import Labeller
from talkover.trainer.learning.nearness import Nearness
from talkover.trainer.learning.parents import parent_run
from talkover.trainer.learning.pruning import prune
from talkover.trainer.learning.steps import STEPS
from talkover.trainer.learning.taking import Taker
from talkover.trainer.learning.teacher import Teacher
from talkover.trainer.learning.withholding import withheld_by
from talkover.trainer.mining.withheld import Withheld

_LOOK: Final = 5.0  # s between two looks at whether there is enough
_ANSWER: Final = 10.0  # s that Redis may take to answer
_DAY: Final = 86_400.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """When to learn.

    Attributes:
        once: Take in what is there, learn if it is enough, and end.
        min_items: New items that are enough.
        every: Seconds after which any are; None: never.
        quick: A little of everything, to see that all works here.
    """

    once: bool = False
    min_items: int = 50
    every: float | None = None
    quick: bool = False


def is_due(fresh: int, wishes: Wishes, since: float) -> bool:
    """Whether a run begins now. Pure.

    Args:
        fresh: Items with a label that no run has seen.
        wishes: When to learn.
        since: Seconds since the last run began, or since the beginning.
    """
    late = wishes.every is not None and since >= wishes.every
    return fresh >= wishes.min_items or (late and fresh > 0)


class Daemon:
    """Learns from calls, until it is told to stop. One process a data folder.

    Args:
        settings: All of them.
        redis_url: Where the traces are; None: as set.
        wishes: When to learn.
        console: Where people look.
    """

    def __init__(
        self, settings: Settings, redis_url: str | None, wishes: Wishes, console: Console
    ) -> None:
        self._settings = settings
        self._redis_url = redis_url or url_of(settings)
        self._wishes = wishes
        self._console = console
        self._folder = learning_folder(settings.data_dir)
        self._limits = Limits(retention=settings.learning.retention_days)
        self._stop = threading.Event()
        self._labeller: Labeller | None = None

    def run(self) -> None:
        """Work until Ctrl-C, or once.

        Raises:
            TraceError: another process learns here, or Redis does not answer.
            TalkoverError: a step failed; the run goes on there the next time.
        """
        with _alone(self._folder), _interruptible(), Items(self._folder) as items:
            withheld = withheld_by(self._settings.learning)
            items.sweep()
            try:
                if self._wishes.once:
                    self._consumer(items, withheld).drain(self._stop)
                    self._turn(items, withheld, 0.0)
                else:
                    self._work(items, withheld)
            finally:
                self._stop.set()

    def _work(self, items: Items, withheld: Withheld) -> None:
        connect(self._redis_url, patience=_ANSWER).close()  # whoever mistyped it is told at once
        worker = threading.Thread(target=self._consume, args=(withheld,), name="learning-consumer")
        worker.start()
        place = self._redis_url.rpartition("@")[2]  # without the password
        self._console.print(
            f"turns come in from {place}; a run begins with {self._wishes.min_items} new ones. "
            "Ctrl-C loses nothing"
        )
        begun = time.monotonic()
        try:
            while worker.is_alive():
                if self._turn(items, withheld, time.monotonic() - begun):
                    begun = time.monotonic()
                self._stop.wait(_LOOK)
            raise TraceError("the records are no longer taken in; the log says why")
        finally:
            self._stop.set()
            worker.join()

    def _consume(self, withheld: Withheld) -> None:
        with Items(self._folder) as items:
            self._consumer(items, withheld).run(self._stop)

    def _consumer(self, items: Items, withheld: Withheld) -> Consumer:
        learning = self._settings.learning
        client = connect(self._redis_url, patience=_ANSWER)
        inbox = Inbox(client, _worker(self._folder), learning.idle_seconds)
        taker = Taker(items, blob_store(self._settings), self._limits, withheld)
        return Consumer(inbox, taker, tries=learning.tries, folder=self._folder)

    def _turn(self, items: Items, withheld: Withheld, since: float) -> bool:
        """Forget, label, and learn if it is time; whether a run was begun."""
        before = time.time() - self._limits.retention * _DAY
        items.expire(before)
        self._label(items, withheld)
        runs = Runs(items.ledger)
        begun = False
        if runs.under_way() is None and is_due(items.counts()["fresh"], self._wishes, since):
            parent = parent_run(self._settings.data_dir)
            spare = parent.name if parent else ""
            prune(self._folder / "runs", runs.list(), before=before, spare=spare)
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
            self._console.print(f"run {name} learns from {runs.begin(name)} new turns")
            begun = True
        name_now = runs.under_way()
        if name_now is not None:
            self._advance(items, runs, name_now)
        elif self._wishes.once:
            counts = items.counts()
            self._console.print(
                f"{counts['fresh']} new turns with a label, {counts['waiting']} that wait for one; "
                f"a run begins with {self._wishes.min_items} (--min-items)"
            )
        return begun

    def _advance(self, items: Items, runs: Runs, name: str) -> None:
        def begin(told: Mapping[str, Mapping[str, Any]]) -> Cycle:
            return Cycle(
                name=name,
                folder=self._folder / "runs" / name,
                settings=self._settings,
                items=items,
                console=self._console,
                told=told,
                redis_url=self._redis_url,
                quick=self._wishes.quick,
            )

        try:
            came: Came = advance(STEPS, begin, runs)
        except TalkoverError as error:
            kept = f"run {name} is kept; the same command goes on with it, --drop gives it up"
            raise type(error)(f"{error} ({kept})") from None
        if came.step:
            self._console.print(f"run {name} waits at step {came.step}; the same command goes on")
            raise KeyboardInterrupt
        self._console.print(f"run {name}: {came.outcome}")

    def _label(self, items: Items, withheld: Withheld) -> None:
        waiting = items.counts()[State.WAITING]
        if not waiting:
            return
        if self._labeller is None:  # it keeps the teacher for the next time
            self._labeller = self._new_labeller(items, withheld)
        labeller = self._labeller
        with progress_bar(self._console) as progress:
            task = progress.add_task("what was said", total=waiting)
            found = labeller.run(self._stop, time.time(), lambda: progress.update(task, advance=1))
        if found:
            log.info("learning.labelled", **found)

    def _new_labeller(self, items: Items, withheld: Withheld) -> Labeller:
        learning = self._settings.learning
        return Labeller(
            items,
            lambda: Teacher.of(self._settings),
            Nearness(),
            withheld=withheld,
            limits=self._limits,
            patience=0.0 if self._wishes.once else learning.patience_seconds,
            least_trust=learning.least_trust,
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process a folder.

    Raises:
        TraceError: there is another one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # people's words are in it
    try:
        with locked(folder, patience=0.0):
            yield
    except WeightsError:
        raise TraceError(
            f"another `talkover learn` is at work in {folder}; stop it, or leave it to its work"
        ) from None


@contextmanager
def _interruptible() -> Iterator[None]:
    """Being told to end is as Ctrl-C: what is under way is kept."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell begins with & so
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _worker(folder: Path) -> str:
    """The same for the same folder, so that what a killed process had in hand is found at once."""
    place = f"{gethostname()}:{folder.absolute()}"
    return sha256(place.encode()).hexdigest()[:16]
