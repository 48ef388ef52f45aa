from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from talkover.trainer.data.engines.voices import voice
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.evaluation.crossmodal.asking import Wanted, ask_all
from talkover.trainer.evaluation.crossmodal.baseline import guesser
from talkover.trainer.evaluation.crossmodal.conditions import Condition
from talkover.trainer.evaluation.crossmodal.rows import from_plain, of, to_plain
from talkover.trainer.evaluation.crossmodal.spoken import Speaker
from talkover.trainer.evaluation.kept import Kept
from talkover.trainer.seeing.questions.question import Kind, Split


@pytest.fixture(scope="module")
def recipe():
    return replace(Recipe.load("three_accents"), babble=0.0)  # nobody else is made to speak


@pytest.fixture(scope="module")
def charts():
    return Wanted((Kind.CHARTS,), 4, 2, 0).questions(Kind.CHARTS)


def test_a_question_always_sounds_the_same_and_accents_come_in_turn(recipe, charts):
    with Speaker(recipe) as first, Speaker(recipe) as second:
        clips = [first.say(one) for one in charts[:3]]
        again = second.say(charts[1])  # whatever was said before it
    assert np.array_equal(clips[1].pcm, again.pcm)
    assert {clip.accent for clip in clips} <= set(recipe.accents)
    assert len({clip.accent for clip in clips}) > 1
    test = {voice(f"espeak-{name}").name for name in recipe.voices[Split.TEST]}
    assert {clip.voice for clip in clips} <= test
    assert all(len(clip.pcm) > 16_000 for clip in clips)


class Written(NamedTuple):
    text: str
    complete: bool


class Attentive:
    """Hears what was asked, by how long it took to ask; the other one hears nothing."""

    def __init__(self, texts):
        self._texts = texts

    def write(self, sounds, languages):
        return [Written(self._texts.get(len(one), ""), True) for one in sounds]


def test_who_hears_better_is_answered_better(recipe, charts):
    wanted = Wanted((Kind.CHARTS,), 4, 2, 0)
    kept = Kept(None, {}, to_plain, from_plain)
    with Speaker(recipe) as speaker:
        texts = {len(speaker.say(one).pcm): one.question for one in charts}
        ears = {"good": Attentive(texts), "deaf": Attentive({})}
        ask_all(wanted, guesser(wanted), list(ears), ears, speaker, kept)
    good, deaf = of(kept.all, Condition.ALL, "good"), of(kept.all, Condition.ALL, "deaf")
    assert [row.number for row in good] == [row.number for row in deaf] == [0, 1]
    assert [row.heard for row in good] == [one.question for one in charts[:2]]
    assert not any(row.said for row in deaf)
    assert all(row.said and row.accent and row.voice for row in good)
