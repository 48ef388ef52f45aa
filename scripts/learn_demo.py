"""The loop, shown: callers whom nobody understands, and a server that learns from them meanwhile.

Starts the server on Whisper as it was published, callers with two heavy accents in noise (some of
them correct what was misheard; others, with voices and sentences that are never learnt from, only
measure) and ``talkover learn``; shows word errors by accent and bundle while bundles are promoted;
has the gate refuse a bundle with noise in its weights, and forces another harmful one past it,
which the server leaves by itself. Ends with a report, and with code 1 when a bar is missed. Ctrl-C
ends all of it.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from demo.children import Children, CommandError
from demo.showing import Story, measures, said_of_run, screen
from demo.spoiling import deaf, noisy
from demo.world import ACCENTS, World, alive, counts_of, make_world, missed, people, runs_of, serve
from rich.console import Console
from rich.live import Live

from talkover.client import GenerationState, offer_bundle
from talkover.client.bench.callers.plot import section
from talkover.core.errors import TalkoverError
from talkover.core.report import Report, hand_over, to_html

_HOURS: Final = {"train": 0.06, "test": 0.04}  # of speech
_ENOUGH: Final = 30  # turns that new weights are measured on
_LOOK: Final = 1.0


class Demo:
    """The demonstration.

    Args:
        world: Where it takes place.
        children: Its commands.
        live: The screen.
        minutes: After which nothing new is begun.
        quick: A little of everything.
    """

    def __init__(
        self, world: World, children: Children, live: Live, *, minutes: float, quick: bool
    ) -> None:
        self.story = Story(world.base, quick=quick)
        self._world = world
        self._children = children
        self._live = live
        self._began = time.monotonic()
        self._until = self._began + 60 * minutes
        self._quick = quick
        self._known: list[str] = []  # of learning, told already
        self._looked = 0.0

    def run(self) -> None:
        """All of it.

        Raises:
            CommandError: something failed without which there is no point in going on.
            TalkoverError: the same, of what we ask for ourselves.
        """
        self._prepare()
        self._begin_calls()
        self._begin_learning()
        self.story.before = self._people("first", self._world.base)
        self._show_refusal()
        self._await_promotion()
        if self.story.promoted:
            self.story.after = self._people("promoted", self.story.promoted)
            self._measure()
        self._show_rollback()
        for name in ("callers-train", "callers-test", "learn"):
            self._children.stop(name)
        self._look()

    def _prepare(self) -> None:
        world, need = self._world, self._children.need
        need("sign", "bundles", "sign", world.base)
        for split, hours in _HOURS.items():
            self._tell(f"making voices and sentences: {split}")
            need("data", "data", "make", "--recipe", str(ACCENTS), "--split", split,
                 "--hours", str(hours / (2 if self._quick else 1)),
                 "--out", str(world.manifest(split).parent), look=self._look)  # fmt: skip
        serve(self._children, world.url, world.port, world.page)
        self._tell(f"the server answers; its page: http://127.0.0.1:{world.page}/")

    def _begin_calls(self) -> None:
        self._call("train", "--correct", "0.8", "--consent", "--parallel", "2")
        self._call("test", "--correct", "0", "--no-consent", "--parallel", "1")
        self._tell("callers call: some correct what was misheard, others only measure")

    def _call(self, split: str, *how: str) -> None:
        world, minutes = self._world, (self._until - time.monotonic()) / 60 + 5
        self._children.start(
            f"callers-{split}", "bench", "callers", "--manifest", str(world.manifest(split)),
            "--out", str(world.calls(split)), "--url", world.url, "--minutes", f"{minutes:.1f}",
            "--turns", "3", *how,
        )  # fmt: skip

    def _begin_learning(self) -> None:
        quick = ["--quick"] if self._quick else []
        few = "8" if self._quick else "50"
        self._children.start("learn", "learn", "--min-items", few, *quick, nice=5)
        self._tell(f"talkover learn waits for {few} turns with a label")

    def _people(self, name: str, bundle: str) -> tuple[float, tuple[float, float] | None, int]:
        """What is understood of recorded people."""
        path = self._world.folder / f"people-{name}.json"
        count = "2" if self._quick else "16"
        self._children.run(  # its own bars are not what counts here
            f"people-{name}", "eval", "model", "--bundle", bundle, "--no-stock", "--no-speed",
            "--sets", "real", "--count", count, "--json", str(path), look=self._look,
        )  # fmt: skip
        found = people(path)
        self._tell(f"real people, {name} bundle: {found[0]:.1f} % word errors")
        return found

    def _show_refusal(self) -> None:
        bundle = noisy(self._world.data, self._world.base)
        quick = ["--quick"] if self._quick else []
        report = self._world.folder / "gate.json"
        self._children.run(
            "gate", "train", "gate", "--candidate", bundle, "--json", str(report), *quick,
            look=self._look,
        )  # fmt: skip
        self.story.refused = missed(report)
        said = f"refused: {self.story.refused}" if self.story.refused else "let through"
        self._tell(f"bundle {bundle[:8]}, noise in its weights, is {said}")

    def _await_promotion(self) -> None:
        while time.monotonic() < self._until and not self.story.promoted:
            self._look()
            self._share_processor()
            current = next(
                (g for g in alive(self._world.url) if g.state is GenerationState.CURRENT), None
            )
            if current is not None and current.bundle_id != self._world.base:
                self.story.promoted = current.bundle_id
                self._tell(f"bundle {current.bundle_id[:8]} is promoted: {current.reason}")
            elif self._children.ended("learn"):
                raise CommandError(f"talkover learn ended:\n{self._children.said('learn')}")
            time.sleep(_LOOK)

    def _share_processor(self) -> None:
        """While it learns, those whom it learns from do not call; they try what came of it."""
        runs, children = runs_of(self._world.data), self._children
        if any(run["ended"] is None for run in runs):
            children.stop("callers-train")
        elif runs and "callers-train" not in children:
            children.stop("learn")  # what it would learn next is not waited for
            self._call("train", "--correct", "0", "--no-consent", "--parallel", "2")

    def _measure(self) -> None:
        """Until enough was said to the new weights."""
        while time.monotonic() < self._until:
            new = [row for row in self._world.rows("test") if row.bundle == self.story.promoted]
            if len(new) >= (4 if self._quick else _ENOUGH):
                return
            self._look()
            time.sleep(_LOOK)

    def _show_rollback(self) -> None:
        bundle = deaf(self._world.data, self._world.base)
        reason = "forced past the gate, to see what happens"
        asyncio.run(offer_bundle(bundle, self._world.url, share=0.5, reason=reason))
        self._tell(f"bundle {bundle[:8]}, which is deaf, is forced past the gate")
        until = time.monotonic() + 240
        while time.monotonic() < until:
            self._look()
            mine = [g for g in alive(self._world.url) if g.bundle_id == bundle]
            if mine and mine[0].state in (GenerationState.RETIRING, GenerationState.FREED):
                self.story.rolled_back = mine[0].reason
                self._tell(f"bundle {bundle[:8]}: {mine[0].reason}")
                return
            time.sleep(_LOOK)
        self._tell(f"bundle {bundle[:8]} was not rolled back")

    def _tell(self, line: str) -> None:
        self.story.told.append(f"{(time.monotonic() - self._began) / 60:5.1f}  {line}")
        if not self._live.console.is_terminal:
            self._live.console.print(self.story.told[-1], markup=False)
        self._looked = 0.0
        self._look()

    def _look(self) -> None:
        """Show how it is, at most once a second."""
        if time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        for run in runs_of(self._world.data)[::-1]:
            for line in said_of_run(run):
                if line not in self._known:
                    self._known.append(line)
                    self._tell(line)
        minutes = (time.monotonic() - self._began) / 60
        now = alive(self._world.url)
        shown = screen(
            self.story, self._world.rows("test"), now, counts_of(self._world.data), minutes
        )
        self._live.update(shown, refresh=True)


def main() -> int:
    """Run it; 0 if the bars are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=25.0, help="nothing new begins after that")
    parser.add_argument("--quick", action="store_true", help="a little of everything")
    parser.add_argument("--folder", type=Path, help="that stays; default: a temporary one")
    asked = parser.parse_args()
    console = Console(highlight=False)
    with ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            console.print("building a bundle without what training changed ...")
            world = make_world(folder.expanduser().absolute())
            children = stack.enter_context(Children(folder / "logs", world.variables()))
            live = stack.enter_context(Live(console=console, auto_refresh=False))
            demo = Demo(world, children, live, minutes=asked.minutes, quick=asked.quick)
            demo.run()
        except (CommandError, TalkoverError) as error:
            console.print(str(error), style="red", markup=False)
            return 1
        except KeyboardInterrupt:
            console.print("ending all that was started ...")
            return 130
        return _report(demo, world, console)


def _report(demo: Demo, world: World, console: Console) -> int:
    rows = world.rows("test")
    report = Report(
        title="Learning from calls",
        measures=measures(demo.story, rows),
        bundle_id=demo.story.promoted or world.base,
        quick=demo.story.quick,
    )
    details = {"told": demo.story.told}
    hand_over(report, console, json=world.folder / "report.json", details=details)
    (world.folder / "report.html").write_text(to_html(report, [section(rows)]), "utf-8")
    return 0 if report.met else 1


if __name__ == "__main__":
    raise SystemExit(main())
