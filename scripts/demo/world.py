"""The demonstration's own little world: its folder, its settings, and what is known of it."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.children import Children, CommandError

from talkover.client import Generation, generations
from talkover.client.bench.callers.rows import Row, read_rows
from talkover.core.bundles import BundleStore
from talkover.core.bundles.build import build_base
from talkover.core.errors import CallError, ConfigError
from talkover.core.learning.items import Items
from talkover.core.learning.ledger import is_there, learning_folder
from talkover.core.learning.runs import Runs
from talkover.core.settings import load_settings

HERE: Final = Path(__file__).resolve().parent
ACCENTS: Final = HERE / "accents.toml"
LEARNING: Final = HERE / "learning.toml"
_TURNS: Final = "turns.jsonl"
_DATA: Final = "data"
_START: Final = 120.0  # seconds that the server may take
_LOOK: Final = 0.5
_SETTINGS: Final = {
    # A canary in a demonstration has few turns to show what it can; see ``SwapPolicy``.
    "TALKOVER_SWAP__SHADOW_TURNS": "6",
    "TALKOVER_SWAP__SHARE": "0.5",
    "TALKOVER_SWAP__CANARY_TURNS": "15",
    "TALKOVER_SWAP__CONTROL_TURNS": "10",
    "TALKOVER_SWAP__LOOK_EVERY": "5",
    "TALKOVER_LEARNING__PATIENCE_SECONDS": "5",
    "TALKOVER_LEARNING__SHARE": "0.5",
}


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is.

    Attributes:
        folder: Of the demonstration.
        port: Of calls.
        page: Port of the page.
        base: The bundle that it begins with.
    """

    folder: Path
    port: int
    page: int
    base: str

    @property
    def data(self) -> Path:
        """The data folder of all commands."""
        return self.folder / _DATA

    @property
    def url(self) -> str:
        """Whom to call."""
        return f"127.0.0.1:{self.port}"

    def manifest(self, split: str) -> Path:
        """What is said by callers who correct (``train``) or only measure (``test``)."""
        return self.folder / split / "manifest.jsonl"

    def calls(self, split: str) -> Path:
        """Where the turns of those are kept."""
        return self.folder / f"calls-{split}"

    def rows(self, split: str) -> list[Row]:
        """Those turns, so far."""
        return read_rows([self.calls(split) / _TURNS])

    def variables(self) -> dict[str, str]:
        """Of the environment of all commands; what is set there already wins."""
        own = {**_SETTINGS, "TALKOVER_LEARNING__RECIPE": str(LEARNING)}
        own["TALKOVER_DATA_DIR"] = str(self.data)
        own["TALKOVER_LEARNING__EVALUATION_SETS"] = json.dumps([str(self.manifest("test"))])
        kept = {name: os.environ[name] for name in own if name in os.environ}
        return {**own, **kept, "TALKOVER_DATA_DIR": str(self.data)}


def make_world(folder: Path) -> World:
    """A data folder with the user's base weights, a bundle of them, and nothing else of theirs.

    The bundle is without what Talkover's own training changed: that understands these callers so
    well that calls have nothing left to teach. A world that is there is gone on with, on the bundle
    that was promoted in it.

    Raises:
        WeightsError: there are no base weights yet.
    """
    own, home = BundleStore(folder / _DATA), load_settings().data_dir
    current = own.current()
    if current is None:
        (folder / _DATA).mkdir(parents=True, exist_ok=True)
        weights = folder / _DATA / "weights"
        if not weights.is_symlink():
            weights.symlink_to(home / "weights")
        current = build_base(folder / _DATA)
        own.set_current(current)
    return World(folder, free_port(), free_port(), current)


def alive(url: str) -> tuple[Generation, ...]:
    """The generations of a server, the newest first; none while it does not answer."""
    try:
        return asyncio.run(generations(url))
    except CallError:
        return ()


def serve(children: Children, url: str, port: int, page: int) -> None:
    """Start a server, and wait until it answers.

    Raises:
        CommandError: it did not.
    """
    children.start("serve", "serve", "--port", str(port), "--http-port", str(page))
    until = time.monotonic() + _START
    while not alive(url):
        if children.ended("serve") or time.monotonic() > until:
            raise CommandError(f"the server did not start:\n{children.said('serve')}")
        time.sleep(_LOOK)


def runs_of(data_dir: Path) -> list[dict[str, Any]]:
    """Runs of learning, the latest first, each with what its steps have said so far."""
    folder = learning_folder(data_dir)
    if not is_there(folder):
        return []
    with Items(folder) as items:
        runs = Runs(items.ledger)
        return [{**run, "told": runs.told(run["name"])} for run in runs.list()]


def counts_of(data_dir: Path) -> Mapping[str, int]:
    """How many turns are taken in, labelled, refused."""
    folder = learning_folder(data_dir)
    if not is_there(folder):
        return {}
    with Items(folder) as items:
        return items.counts()


def people(report: Path) -> tuple[float, tuple[float, float] | None, int]:
    """Word errors of real people (%, interval, utterances) in a report of `eval model`.

    Raises:
        ConfigError: it says nothing of them.
    """
    try:
        figures = json.loads(report.read_text("utf-8"))["figures"]["word errors, people clean"]
        (figure,) = figures.values()
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(f"{report} says nothing of real people: {error!r}") from None
    interval: Sequence[float] | None = figure["interval"]
    ends = None if interval is None else (float(interval[0]), float(interval[1]))
    return float(figure["value"]), ends, int(figure["n"])


def missed(report: Path) -> str:
    """Which bars of a report were missed, and by what; empty: none, or there is no report.

    Raises:
        ConfigError: it is no report.
    """
    if not report.is_file():
        return ""
    try:
        rows = json.loads(report.read_text("utf-8"))["measures"]
        return "; ".join(
            f"{row['name']} {row['value']:.3g} {row['unit']}".rstrip() + f" ({row['bar']})"
            for row in rows
            if row["met"] is False
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{report} is no report: {error!r}") from None


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
