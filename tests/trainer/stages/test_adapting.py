"""An accent that a listener never heard: what is heard of it, both arms, and what they gain."""

import json
from collections import Counter

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from rich.console import Console  # noqa: E402 - after the libraries it needs

from talkover.core.errors import DataError  # noqa: E402
from talkover.trainer.adapting.judge import BEFORE, figures, measures  # noqa: E402
from talkover.trainer.adapting.learn import ARMS, learn, recipe_of  # noqa: E402
from talkover.trainer.adapting.newcomer import hear, judged, newcomers, refuse_known  # noqa: E402
from talkover.trainer.data.recipe import Recipe  # noqa: E402
from talkover.trainer.data.texts import Split  # noqa: E402
from talkover.trainer.evaluation.trained.board import Board  # noqa: E402
from talkover.trainer.evaluation.trained.clips import Clip, Read  # noqa: E402
from talkover.trainer.evaluation.trained.counts import count_all  # noqa: E402
from talkover.trainer.policy.checkpoint import latest  # noqa: E402
from talkover.trainer.stages.recipe import TrainingRecipe  # noqa: E402
from talkover.trainer.stages.run import Run, load_policy  # noqa: E402
from talkover.trainer.stages.sft_stage import train_sft  # noqa: E402
from talkover.trainer.stages.stage import Work  # noqa: E402

FEW = {"steps": 1, "examples": 2, "micro": 2, "rate": 1e-2, "teacher": 2.0, "limit": 4}
ONE = {"steps": 1, "utterances": 2, "samples": 2, "limit": 4, "rate": 1e-2, "together_every": 0}


def test_newcomers_are_in_no_recipe_of_the_left_out_listener_and_one_is_in_none():
    left_out, full = TrainingRecipe.load("left_out"), TrainingRecipe.load("full")
    for accent in newcomers():
        refuse_known(left_out, accent)
    with pytest.raises(DataError, match="has learnt irish by the recipe without_flite"):
        refuse_known(full, "irish")
    refuse_known(full, "jamaican")
    with pytest.raises(DataError, match="no newcomer"):
        refuse_known(full, "martian")


def test_a_listener_without_them_hears_all_else_as_often():
    left_out, whole = Recipe.load("left_out"), Recipe.load("without_flite")
    assert {*left_out.accents, *newcomers()} - {"jamaican"} == set(whole.accents)
    assert (left_out.patterns, left_out.voices, left_out.snr) == (
        whole.patterns,
        whole.voices,
        whole.snr,
    )


def test_so_many_minutes_are_heard_and_no_more_of_that_accent_alone(tmp_path):
    path = tmp_path / "heard.jsonl"
    minutes = hear("jamaican", 0.2, path, seed=0)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    recipe = Recipe.load("newcomers")
    assert {recipe.accents[line["number"] % 4] for line in lines} == {"jamaican"}
    assert sum(line["seconds"] for line in lines) / 60 == pytest.approx(minutes, abs=0.01)
    assert minutes >= 0.2 > minutes - lines[-1]["seconds"] / 60


def test_it_is_judged_by_others_in_other_words():
    with judged("jamaican", seed=0) as material:
        clips = [material.make(number)[0] for number in material.numbers(2)]
    recipe = Recipe.load("newcomers")
    assert len(clips) == 8
    assert {clip.condition for clip in clips} == {"jamaican"}
    assert not {clip.voice for clip in clips} & set(recipe.voices[Split.TRAIN])


def test_both_arms_begin_where_the_parent_is(recipe, base, tmp_path):
    console = Console(quiet=True)
    parent = Run(tmp_path / "parent", recipe(sft=FEW), seed=0)
    train_sft(Work(run=parent, base=base, console=console))
    made = recipe_of(recipe(sft={**FEW, "rate": 1e-9}, rl=ONE), parent.recipe, tmp_path / "h")
    hear("irish", 0.05, tmp_path / "h", seed=0)
    assert [one.chosen for one in made.data.sources.values()] == [str(tmp_path / "h")]
    run = Run(tmp_path / "run", made, seed=0)
    work = Work(run=run, base=base, console=console)
    assert learn(work, (parent.folder, "sft")).done
    assert list(run.stages) == list(ARMS)
    taught = dict(load_policy(parent.folder, "sft", base=base).named_parameters())
    for stage, near in (("sft", 1e-6), ("rl", 0.05)):  # one rate is as good as nothing
        found = dict(load_policy(run.folder, stage, base=base).named_parameters())
        apart = max(float((found[name] - taught[name]).detach().abs().max()) for name in found)
        assert 0 < apart < near
    path = latest(run.checkpoints("rl"))
    before = path.stat().st_mtime_ns
    assert learn(work, (parent.folder, "sft")).done
    assert path.stat().st_mtime_ns == before, "what is done is left as it is"


def test_what_is_told_is_what_each_arm_has_less():
    said = (("one", "en"), ("two", "en"), ("three", "en"), ("four", "en"))
    clips = [Clip("irish", number, "irish", "mixed", said, "en") for number in range(8)]
    texts = {BEFORE: "one two", "rl": "one two three four", "sft": "one two three"}
    board = Board(
        {
            name: count_all([Read(clip, text, True, 0.1) for clip in clips])
            for name, text in texts.items()
        }
    )
    table = {one.name: one for one in measures(board, "irish")}
    rl, sft, apart = table.values()
    assert (rl.value, rl.met) == (pytest.approx(100), True)
    assert (sft.value, sft.met) == (pytest.approx(50), True)
    assert apart.value == pytest.approx(-25)
    assert Counter(one.unit for one in table.values()) == {"%": 2, "points": 1}
    assert figures(board).columns == ("figure", BEFORE, "rl", "sft")
