"""A training recipe says all that is needed, and nothing that nobody understands."""

import pytest

pytest.importorskip("torch")

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split
from talkover.trainer.stages.recipe import TrainingRecipe, training_recipes

HEARD = '[data.sources.made]\nrecipe = "dialects17"\n'


def read(text):
    return TrainingRecipe.read(text, "mine")


@pytest.mark.parametrize("name", training_recipes())
def test_recipes_that_come_along_are_the_same_when_resolved(name):
    assert {"full", "small"} <= set(training_recipes())
    recipe = TrainingRecipe.load(name)
    assert TrainingRecipe.read(recipe.to_toml(), "other") == recipe
    for source in recipe.data.sources.values():
        assert not source.recipe or Recipe.load(source.recipe)
        assert source.split is not Split.TEST


def test_what_it_does_not_say_is_as_it_is_by_default():
    recipe = read(HEARD)
    assert recipe.sft.rate == 3e-6
    assert recipe.name == "mine"
    assert recipe.data.sources["made"].split is Split.TRAIN


def test_one_is_like_another_but_for_what_it_says():
    full, found = TrainingRecipe.load("full"), read('like = "full"\n[sft]\nsteps = 7\n')
    assert found.sft.steps == 7
    assert found.sft.rate == full.sft.rate
    assert found.data == full.data
    other = read('like = "full"\n[data.sources.made]\nrecipe = "dialects17"\n')
    assert other.data.sources["made"].recipe == "dialects17"
    assert other.data.sources["made"].share == full.data.sources["made"].share
    assert other.data.sources.keys() == full.data.sources.keys()


def test_recipes_are_told_apart():
    same = read(HEARD)
    other = read(HEARD + "[sft]\nsteps = 7\n")
    assert same.sha256 == read("[sft]\nsteps = 1600\n" + HEARD).sha256 != other.sha256


def test_a_quick_one_has_a_few_steps_of_everything():
    quick = TrainingRecipe.load("full").quick()
    assert quick.sft.steps == 8
    assert quick.rl.steps == 4
    assert (quick.mine.rounds, quick.mine.keep) == (1, 8)
    assert quick.quick() == quick


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name a source"),
        ("[data]\nlongest = 3", "name a source"),
        ("data = 3", r"write \[data\]"),
        ("[data]\nsources = 3", r"write \[data.sources\]"),
        ("[data.sources]\nmade = 3", r"write \[data.sources.made\]"),
        ("[data.sources.made]\nshare = 1", "give one of these"),
        (HEARD + 'manifest = "x"\nprompts = ["en"]', "give one of these"),
        (HEARD + 'manifest = "x"\nchosen = "y"', "give one of these"),
        (HEARD + 'split = "test"', "judged on"),
        (HEARD + 'split = "tset"', "data.sources.made.split"),
        (HEARD + "share = 0", "more than 0"),
        ('[data.sources.made]\nprompts = ["de"]', "no prompts in 'de'; there are en, es, fr"),
        ("[data.sources.quiet]\nwordless = true\ndistil = true", "leave distil and recipe"),
        ('[data.sources.quiet]\nwordless = true\nrecipe = "x"', "leave distil and recipe"),
        ("[data.sources.quiet]\nwordless = true\nprompts = ['en']", "give one of these"),
        ('like = "big"\n' + HEARD, "no training recipe 'big'"),
        ('like = "left_out"\n' + HEARD, "itself like another"),
        (HEARD + "shares = 1", r"\[data.sources.made\] has no 'shares'; there are share, recipe"),
        (HEARD + "[sfd]\nsteps = 1", "the recipe has no 'sfd'; there are data, policy"),
        (HEARD + "[sft]\nstep = 1", r"\[sft\] has no 'step'; there are steps"),
        (HEARD + '[sft]\nsteps = "many"', "sft.steps: "),
        (HEARD + "[sft]\nsteps = 0", "1 or more"),
        (HEARD + "[sft]\nrate = -1", "above 0"),
        (HEARD + "[sft]\nteacher = 40", "2 to 30 seconds"),
        (HEARD + "[rl]\nestimator = 'magic'", "leave-one-out"),
        (HEARD + "[reward]\nfar = 7", "far"),
        (HEARD + "[guards]\nlanguages = ['xx']", "no prompts in 'xx'"),
        (HEARD + "[guards]\ncount = 0", "1 or more"),
        (HEARD + "[windows]\nshortest = [10.0, 8.0]", "as many margins"),
        (HEARD + "[windows]\nshortest = [1.0]\nmargins = [1.0]", "2 <= shortest"),
        (HEARD + "[windows]\nshortest = [10.0]\nmargins = [1.0]\nlongest = 9", "longest = 9"),
        (HEARD + "[sft\n", "cannot be used"),
    ],
)
def test_what_nobody_understands_is_refused_with_what_there_is(text, message):
    with pytest.raises(DataError, match=message) as refused:
        read(text)
    assert str(refused.value).startswith("training recipe mine cannot be used: ")


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    for name in ("huge", str(tmp_path / "none.toml"), "../recipes/full"):
        with pytest.raises(DataError, match="there are adapt, full, left_out, live, small"):
            TrainingRecipe.load(name)


def test_windows_are_a_rule_that_a_listener_keeps_to():
    windows = read(HEARD + "[windows]\nshortest = [10.0, 5.5]\nmargins = [6.0, 1.5]").windows
    stock, short = windows.rule(0), windows.rule(1)
    assert stock.window(3 * RATE) == 10 * RATE
    assert stock.window(5 * RATE) == 11 * RATE
    assert short.window(2 * RATE) == round(5.5 * RATE)
    assert short.window(5 * RATE) == 7 * RATE
    assert short.window(29 * RATE) == 30 * RATE
