"""What rounds of mining listen to."""

import pytest

pytest.importorskip("torch")

from talkover.core.errors import DataError
from talkover.trainer.mining.rounds import paced, source_of
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.stages.pace import Pace
from talkover.trainer.stages.recipe import TrainingRecipe

SOURCES = """
[data.sources.many]
recipe = "dialects17"
share = 0.7
[data.sources.few]
recipe = "dialects17x5"
share = 0.2
[data.sources.people]
prompts = ["en"]
recipe = "dialects17"
"""


def heard(mine, sources=SOURCES):
    return source_of(TrainingRecipe.read(sources + mine, "tiny"))


def test_they_listen_to_what_is_named_else_to_what_most_examples_are_of():
    assert heard("").recipe == "dialects17"
    assert heard('[mine]\nsource = "few"').recipe == "dialects17x5"


@pytest.mark.parametrize("name", ["people", "nobody"])
def test_what_is_not_spoken_is_no_pool(name):
    with pytest.raises(DataError, match="there are many, few"):
        heard(f'[mine]\nsource = "{name}"')
    with pytest.raises(DataError, match="no pool to listen to"):
        heard("", '[data.sources.people]\nprompts = ["en"]')


def test_they_go_at_a_rate_of_their_own_where_they_have_one():
    pace = Pace(steps=3, examples=2, rate=4e-4, warmup=1)
    assert paced(pace, MineSettings()) == pace
    assert paced(pace, MineSettings(rate=1e-5)) == Pace(steps=3, examples=2, rate=1e-5, warmup=1)
