"""A run goes on where it was, step by step, and ends for a reason."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from talkover.core.errors import DataError
from talkover.core.learning.erasing import erase
from talkover.core.learning.items import Items, State
from talkover.core.learning.runs import Runs
from talkover.core.settings import Settings
from talkover.trainer.learning.cli import every_seconds
from talkover.trainer.learning.collecting import with_calls, write_manifests
from talkover.trainer.learning.cycle import (
    ENDS,
    Cycle,
    MissingStageError,
    PausedError,
    Step,
    advance,
)
from talkover.trainer.learning.daemon import Wishes, is_due
from talkover.trainer.learning.labels import Label, Source
from talkover.trainer.learning.misheard import shared
from talkover.trainer.learning.steps import _TABLE, STEPS, _step
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.stages.recipe import TrainingRecipe

from .calls import Calls, turn


@pytest.fixture
def runs(items: Items) -> Runs:
    found = Runs(items.ledger)
    found.begin("r")
    return found


def begin(items: Items, tmp_path: Path):
    def made(told: Mapping[str, Mapping[str, Any]]) -> Cycle:
        return Cycle(
            name="r",
            folder=tmp_path,
            settings=Settings(data_dir=tmp_path),
            items=items,
            console=Console(),
            told=told,
        )

    return made


def steps(log: list[str], **what: object) -> list[Step]:
    """Steps a, b and c, that note that they were done; ``what`` else one does."""

    def step(name: str) -> Step:
        def do(cycle: Cycle) -> Mapping[str, Any]:
            log.append(name)
            does = what.get(name)
            if isinstance(does, BaseException):
                raise does
            if callable(does):
                return does(cycle)
            return does or {"by": name}

        return Step(name, do)

    return [step(name) for name in "abc"]


def test_each_step_is_done_once_and_knows_what_the_others_said(
    items: Items, runs: Runs, tmp_path: Path
) -> None:
    log: list[str] = []
    told = {"c": lambda cycle: {"told": dict(cycle.told)}}
    assert advance(steps(log, **told), begin(items, tmp_path), runs).outcome == "done"
    assert log == ["a", "b", "c"]
    assert runs.told("r")["c"] == {"told": {"a": {"by": "a"}, "b": {"by": "b"}}}
    assert runs.under_way() is None


@pytest.mark.parametrize("death", [DataError("no"), KeyboardInterrupt(), MissingStageError("b")])
def test_a_run_that_broke_off_goes_on_with_the_step_that_was_not_done(
    items: Items, runs: Runs, tmp_path: Path, death: BaseException
) -> None:
    log: list[str] = []
    with pytest.raises(type(death)):
        advance(steps(log, b=death), begin(items, tmp_path), runs)
    with Items(items.folder) as again:  # as another process finds it
        found = Runs(again.ledger)
        assert found.under_way() == "r"
        assert advance(steps(log), begin(again, tmp_path), found).outcome == "done"
    assert log == ["a", "b", "b", "c"]


def test_a_step_that_is_interrupted_waits(items: Items, runs: Runs, tmp_path: Path) -> None:
    came = advance(steps([], b=PausedError()), begin(items, tmp_path), runs)
    assert (came.step, came.outcome) == ("b", "")
    assert list(runs.told("r")) == ["a"]


def test_a_step_may_end_the_run(items: Items, runs: Runs, tmp_path: Path) -> None:
    log: list[str] = []
    ends = {"b": {ENDS: "refused: too slow"}}
    assert advance(steps(log, **ends), begin(items, tmp_path), runs).outcome == "refused: too slow"
    assert log == ["a", "b"]
    assert runs.list()[0]["outcome"] == "refused: too slow"


def test_no_step_follows_once_a_caller_of_the_run_is_forgotten(
    items: Items, calls: Calls, consumer, tmp_path: Path
) -> None:
    calls.write(turn(0))
    consumer.drain(threading.Event())
    (item,) = items.select(State.WAITING)
    items.label(item, "{}")
    runs = Runs(items.ledger)
    runs.begin("r")
    log: list[str] = []

    def forget(_cycle: Cycle) -> dict[str, Any]:
        with Items(items.folder) as others:
            erase(others, "c" * 64, frozenset(), dry_run=False)
        return {}

    assert advance(steps(log, b=forget), begin(items, tmp_path), runs).outcome == "stopped"
    assert log == ["a", "b"]


def test_a_stage_that_is_missing_is_named(items: Items, tmp_path: Path) -> None:
    step = _step("mine", "talkover.trainer.nothing_of_the_kind", "mine")
    with pytest.raises(MissingStageError, match="step mine needs talkover"):
        step.do(begin(items, tmp_path)({}))


def test_all_steps_are_there() -> None:
    assert [step.name for step in STEPS] == [*_TABLE]
    assert all(callable(getattr(import_module(module), name)) for module, name in _TABLE.values())


@pytest.mark.parametrize(
    ("fresh", "since", "wishes", "due"),
    [
        (49, 1e9, Wishes(), False),
        (50, 0, Wishes(), True),
        (1, 59, Wishes(every=60), False),
        (1, 60, Wishes(every=60), True),
        (0, 60, Wishes(every=60), False),
        (5, 0, Wishes(min_items=5), True),
    ],
)
def test_when_a_run_begins(fresh: int, since: float, wishes: Wishes, due: bool) -> None:
    assert is_due(fresh, wishes, since) is due


def test_durations() -> None:
    assert [every_seconds(text) for text in ("90s", "30m", "6h", "1.5d", None)] == [
        90,
        1_800,
        21_600,
        129_600,
        None,
    ]
    for wrong in ("", "5", "-1h", "0s", "h"):
        with pytest.raises(Exception, match="such as"):
            every_seconds(wrong)


# Manifests


def labelled(items: Items, calls: Calls, consumer, count: int) -> list:
    for number in range(count):
        calls.write(turn(number))
    consumer.drain(threading.Event())
    for item in items.select(State.WAITING):
        trust = 1.0 if item.turn % 2 else 0.6
        said = Label(f"text {item.turn}", "en", Source.CORRECTION, trust, "why")
        items.label(item, said.to_json())
    return items.select(State.READY)


def test_items_become_manifests_by_their_trust(
    items: Items, calls: Calls, consumer, tmp_path: Path
) -> None:
    ready = labelled(items, calls, consumer, 4)
    mine = [replace(one, run="r") if one.turn else one for one in ready]
    written = write_manifests(tmp_path / "out", items.folder / "audio", mine, "r")
    assert {name: (trust, lines) for name, (_, trust, lines) in written.items()} == {
        "calls100": (1.0, 2),
        "calls60": (0.6, 1),
        "earlier60": (0.6, 1),
    }
    (line,) = [json.loads(one) for one in written["calls60"][0].read_text().splitlines()]
    assert (line["id"], line["text"], line["languages"]) == ("s-2", "text 2", ["en"])
    assert (tmp_path / "out" / line["audio_filepath"]).is_file()


def test_what_was_heard_before_is_the_replay(
    items: Items, calls: Calls, consumer, tmp_path: Path
) -> None:
    ready = [replace(one, run="r") for one in labelled(items, calls, consumer, 3)]
    written = write_manifests(tmp_path / "out", items.folder / "audio", ready, "r")
    recipe = TrainingRecipe.load("small")
    heard = with_calls(recipe, written, 0.4).data.sources
    shares = {name: round(one.share, 6) for name, one in heard.items()}
    calls_share = sum(share for name, share in shares.items() if name.startswith("calls"))
    assert calls_share == pytest.approx(0.4)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["calls60"] == pytest.approx(2 * shares["calls100"], rel=1e-4)
    assert heard["calls60"].trust == 0.6
    assert set(recipe.data.sources) < set(heard)
    with pytest.raises(DataError, match="no turn says"):
        with_calls(recipe, {}, 0.4)


def test_few_callers_share_what_is_kept() -> None:
    settings = MineSettings(per_speaker=0.1)
    assert shared(settings, ["a", "b", "a"]).per_speaker == 0.5
    assert shared(settings, [str(n) for n in range(50)]).per_speaker == 0.1
