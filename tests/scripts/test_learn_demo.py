"""What the demonstration reports, which of its commands end with it, and what it spoils."""

import json
import signal
import sys
import time

import numpy as np
import pytest
from demo.children import Children, CommandError
from demo.showing import Story, measures, said_of_run, screen
from demo.spoiling import _disturbed
from demo.world import ACCENTS, LEARNING, people
from demo.world import missed as missed_in
from rich.console import Console

from talkover.client import Generation, GenerationState
from talkover.client.bench.callers.rows import Row
from talkover.core.errors import ConfigError
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split
from talkover.trainer.stages.recipe import TrainingRecipe

BASE, NEW = "a" * 64, "b" * 64


def row(at: int, errors: int, bundle: str, accent: str = "scottish") -> Row:
    return Row(
        at=at,
        session="s",
        turn=0,
        name="n",
        accent=accent,
        locale="en-GB",
        bundle=bundle,
        said="a b c d",
        heard="a",
        words=4,
        errors=errors,
        wait=1.0,
        corrected=False,
    )


def story(**more) -> Story:
    plain = {
        "promoted": NEW,
        "refused": "refused: word errors",
        "rolled_back": "rolled back: 5 of 5 turns empty",
        "before": (10.0, (8.0, 12.0), 48),
        "after": (10.5, (8.0, 13.0), 48),
    }
    return Story(BASE, **{**plain, **more})


def rows(after: int) -> list[Row]:
    accents = ("scottish", "nigerian")
    old = [row(n, 3 + n % 2, BASE, accents[n % 2]) for n in range(40)]
    return old + [row(40 + n, after, NEW, accents[n % 2]) for n in range(40)]


def missed(told: Story, some: list[Row]) -> list[str]:
    return [one.name for one in measures(told, some) if one.met is False]


def test_a_good_run_meets_all_bars():
    found = {one.name: one for one in measures(story(), rows(2))}
    assert missed(story(), rows(2)) == []
    fell = found["word errors fell, both accents, of what they were"]
    assert fell.value == pytest.approx(100 * (1 - 2 / 3.5))
    assert fell.interval[0] < fell.value < fell.interval[1]
    assert found[f"word errors, scottish, bundle {BASE[:8]}"].value == 75.0
    assert found["real people, more errors"].value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("more", "after", "what"),
    [
        ({}, 3, "word errors fell, both accents, of what they were"),
        ({"after": (11.5, None, 48)}, 2, "real people, more errors"),
        ({"refused": ""}, 2, "noise in the weights: refused by the gate"),
        ({"rolled_back": ""}, 2, "forced past the gate: rolled back by the server"),
    ],
)
def test_each_thing_that_was_to_be_shown_can_be_missed(more, after, what):
    assert missed(story(**more), rows(after)) == [what]


def test_nothing_promoted_misses_what_depends_on_it():
    nothing = missed(story(promoted="", after=None), rows(2))
    assert "bundles promoted after learning" in nothing
    assert "word errors fell, both accents, of what they were" in nothing


def test_a_quick_run_is_judged_by_what_it_can_show():
    assert missed(story(promoted="", after=None, quick=True), rows(3)) == []
    assert len(missed(story(refused="", rolled_back="", quick=True), rows(3))) == 2


def test_the_screen_has_all_of_it():
    now = [Generation(1, NEW, GenerationState.CANARY, 0.5, 1, 7, 6, 3.0, "heard 6 turns", {})]
    console = Console(width=160, record=True)
    told = story()
    told.told = ["  1.0  callers call"]
    console.print(screen(told, rows(2), now, {"ready": 12}, 3.25))
    text = console.export_text()
    for part in ("minute 3.2", "12 ready", "nigerian", "75.0 %", "canary", "50 %", "callers call"):
        assert part in text


def test_runs_of_learning_are_told_step_by_step():
    finding = {"gate": "real people", "passed": False, "value": 2.5, "limit": 1.0}
    run = {
        "name": "r",
        "items": 40,
        "ended": 3.0,
        "outcome": "refused: real people",
        "told": {"teach": {}, "export": {"bundle": NEW}, "gate": {"findings": [finding]}},
    }
    lines = said_of_run(run)
    assert lines[0] == "run r: 40 new turns"
    assert lines[3] == "run r: the gate refuses it: real people 2.5, limit 1"
    assert lines[-1] == "run r ended: refused: real people"


def test_figures_of_people_are_read_or_missed_aloud(tmp_path):
    path = tmp_path / "people.json"
    figure = {"unit": "%", "value": 12.5, "interval": [8, 16], "n": 48}
    path.write_text(json.dumps({"figures": {"word errors, people clean": {"new": figure}}}))
    assert people(path) == (12.5, (8.0, 16.0), 48)
    path.write_text('{"figures": {}}')
    with pytest.raises(ConfigError):
        people(path)


def test_what_the_gate_refused_is_told_by_its_report(tmp_path):
    path = tmp_path / "gate.json"
    assert missed_in(path) == ""
    rows = [
        {"name": "word errors", "value": 65.512, "unit": "points", "bar": "<= 2", "met": False},
        {"name": "memory", "value": 1.0, "unit": "times", "bar": "<= 1.25", "met": True},
        {"name": "golden outputs", "value": 0.0, "unit": "", "bar": ">= 1", "met": False},
    ]
    path.write_text(json.dumps({"measures": rows}))
    assert missed_in(path) == "word errors 65.5 points (<= 2); golden outputs 0 (>= 1)"
    path.write_text("[]")
    with pytest.raises(ConfigError):
        missed_in(path)


def test_its_recipes_can_be_used_and_nobody_who_measures_is_learnt_from():
    recipe = Recipe.load(str(ACCENTS))
    assert len(recipe.accents) == 2
    assert not set(recipe.voices[Split.TRAIN]) & set(recipe.voices[Split.TEST])
    learning = TrainingRecipe.load(str(LEARNING))
    assert not [one for one in learning.data.sources.values() if not one.prompts], "calls alone"


@pytest.mark.parametrize("kind", [np.float32, np.int8, np.uint8])
def test_weights_are_disturbed_in_their_own_kind(kind):
    random = np.random.default_rng(1)
    weights = random.normal(100, 40, (64, 64)).clip(0, 127).astype(kind)
    spoilt = _disturbed(weights, 0.5, np.random.default_rng(2))
    assert spoilt.dtype == weights.dtype
    apart = np.std(spoilt.astype(float) - weights)
    assert 0.3 * weights.std() < apart < 0.55 * weights.std()
    places = np.arange(6).reshape(2, 3)
    assert _disturbed(places, 0.5, random) is places


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Instead of ``talkover``, something that does as it is told."""
    script = tmp_path / "command"
    script.write_text(f"#!{sys.executable}\nimport sys\nexec(sys.argv[-1])\n")
    script.chmod(0o755)
    monkeypatch.setattr("demo.children.sys.executable", str(script))
    return Children(tmp_path / "logs", {"ASKED": "yes"})


def test_a_command_says_how_it_ended(commands):
    with commands:
        assert commands.run("ok", "import os; print(os.environ['ASKED'])") == 0
        assert commands.said("ok") == "yes"
        with pytest.raises(CommandError, match="no such thing"):
            commands.need("bad", "sys.exit('no such thing')")


def test_all_commands_end_with_the_script_also_the_stubborn(commands, monkeypatch):
    monkeypatch.setattr("demo.children._PATIENCE", 1.0)
    with commands:
        polite = commands.start("polite", "import time; print('up', flush=True); time.sleep(60)")
        deaf = commands.start(
            "deaf",
            "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); "
            "print('up', flush=True); time.sleep(60)",
        )
        until = time.monotonic() + 10
        while not (commands.said("polite") and commands.said("deaf")):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert not commands.ended("polite")
    assert (polite.returncode != 0, deaf.returncode) == (True, -signal.SIGKILL)
