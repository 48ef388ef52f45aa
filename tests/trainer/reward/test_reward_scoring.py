"""Many rewards at once, what is remembered, and how fast they come."""

import json
import subprocess
import sys

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from talkover.trainer.cli import register
from talkover.trainer.data.switching.tokens import Token
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.rate import SAMPLES, _score, measure, utterances
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer
from talkover.trainer.reward.sounds import Sounds
from talkover.trainer.reward.words import readings, words_in

POLICY = RewardPolicy()


@pytest.fixture(scope="module")
def chosen():
    return utterances(40, 1)


@pytest.fixture(scope="module")
def scorer(chosen):
    """That knows all words of them."""
    made = Scorer(POLICY, remembered=0)
    _score(made, [chosen], lambda: None)
    return made


def test_together_is_what_it_is_one_by_one(chosen, scorer):
    pairs = [pair for one in chosen for pair in one.pairs]
    alone = [scorer.score_all([pair])[0] for pair in pairs]
    assert scorer.score_all(pairs) == alone
    assert scorer.score_all(pairs[::-1] + pairs) == alone[::-1] + alone
    assert scorer.score(*pairs[0][:1], [pairs[0][1]]) == alone[:1]
    assert scorer.score_all([]) == []


def test_the_same_seed_gives_the_same_rewards(chosen, scorer):
    again = utterances(40, 1)
    assert again == chosen
    assert utterances(40, 2) != chosen
    pairs = [pair for one in again for pair in one.pairs]
    assert Scorer(POLICY).score_all(pairs) == scorer.score_all(pairs)


def test_transcripts_of_the_measurement_are_wrong_and_not_all_wrong(chosen, scorer):
    rewards = scorer.score_all([pair for one in chosen for pair in one.pairs])
    assert 0.3 < np.mean([one.value for one in rewards]) < 0.95
    assert len({one.value for one in rewards}) > len(rewards) / 2
    assert any(one.misplaced for one in rewards)


def test_what_was_scored_is_remembered_and_the_oldest_forgotten():
    scorer = Scorer(POLICY, remembered=2)
    reference = Reference.of([("call me", "en")])
    first, second = scorer.score(reference, ["call me", "call"])
    assert scorer.score(reference, ["call me"])[0] is first
    scorer.score(reference, ["me"])  # now the second was asked for longest ago
    assert scorer.score(reference, ["call me"])[0] is first
    again = scorer.score(reference, ["call"])[0]
    assert again == second
    assert again is not second
    assert len(scorer._rewards) == 2


def test_long_numbers_have_two_readings():
    assert readings(words_in("order 4271 of 12 by 3.5")) == [
        ["order", "4271", "of", "12", "by", "3.5"],
        ["order", "4", "2", "7", "1", "of", "12", "by", "3.5"],
    ]
    assert readings(["12"]) == [["12"]]


def test_a_reference_is_part_of_what_is_remembered():
    scorer = Scorer(POLICY)
    english, spanish = (Reference.of([("no", code)]) for code in ("en", "es"))
    rewards = scorer.score_all([(english, "no"), (spanish, "no"), (english, "si")])
    assert [one.value for one in rewards[:2]] == [1, 1]
    assert rewards[2].value < 1
    assert len(scorer._rewards) == 3


def test_words_are_read_once_and_the_table_grows_with_the_sounds():
    sounds = Sounds(0.35)
    assert sounds.table.shape == (0, 0)
    words = [Token("call", "en"), Token("call", "es"), Token("мир", "")]
    sounds.learn([*words, *words])
    table = sounds.table
    sounds.learn(words)
    assert sounds.table is table
    before = sounds.row(words[:1]).tolist()
    sounds.learn([Token("天", "zh")])
    assert len(sounds.table) > len(table)
    assert sounds.row(words[:1]).tolist() == before
    known = len(sounds.table)
    assert sounds.table.shape == (known, known)
    assert np.array_equal(sounds.table, sounds.table.T)
    assert (sounds.table.diagonal() == 0).all()
    assert (sounds.table >= 0).all()
    assert sounds.table.max() == 1
    strange = sounds.row(words[2:])
    assert len(strange) == 3
    assert (np.delete(sounds.table[strange[0]], strange[0]) == 1).all()
    assert len(sounds.row([])) == 0


def test_rewards_come_fast_enough(chosen):
    # By the time that this process has the processor; far below what is measured and asked for,
    # since a shared core is slower than one: what is judged is that no pair is read or computed
    # by itself, which would be ten times as slow. `talkover eval reward` holds the real bar.
    measures = {one.name: one for one in measure(chosen, POLICY)}
    assert max(measures[name].value for name in measures if "nothing" not in name) > 400
    assert all(one.n == len(chosen) * SAMPLES for one in measures.values())
    assert measures["rewards, by the step"].bar == ">= 2000"


def test_the_command_tells_how_fast(tmp_path):
    app = typer.Typer()
    register(app)
    path = tmp_path / "rate.json"
    done = CliRunner().invoke(app, ["eval", "reward", "--utterances", "5", "--json", str(path)])
    assert done.exit_code in (0, 1), done.output
    measures = {one["name"]: one for one in json.loads(path.read_text("utf-8"))["measures"]}
    assert measures["rewards, by the step"]["n"] == 20
    assert measures["rewards, by the step"]["met"] == (done.exit_code == 0)


def test_no_torch_is_needed():
    code = "import sys, talkover.trainer.reward; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
