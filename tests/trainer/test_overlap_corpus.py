"""Made-up overlaps: repeatable, split by text and voice, seen as the server would see them."""

import shutil
from itertools import pairwise

import numpy as np
import pytest

from talkover.core.clock import HOP, RATE
from talkover.core.overlap import FEATURE_NAMES
from talkover.core.overlap.config import LABELS
from talkover.core.vad import VoiceModel
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.listen import Transcripts
from talkover.trainer.overlap.moments import moments
from talkover.trainer.overlap.scenes import LENGTH, ONSET, Scene, at_level, scene
from talkover.trainer.overlap.texts import KINDS, Split, texts
from talkover.trainer.overlap.voices import _ACCENTS, _VARIANTS, draw_voice, play

spoken = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng")


def agent(text):
    """Stands for the agent's voice: a hum as long as its text."""
    return np.tile(sounds.hum(np.random.default_rng(len(text))), 1 + len(text) // 10)


def made(split, seed):
    return scene(split, np.random.default_rng(seed), agent)


@pytest.fixture(scope="module")
def barge_in(prompts):
    """Makes a barge-in of the beginning of a person's recording."""
    said = play(max(prompts, key=lambda prompt: prompt.seconds))

    def make(seconds, level=-20.0):
        sound = said[: int(seconds * RATE)]
        pcm = np.zeros(LENGTH, np.float32)
        pcm[ONSET : ONSET + len(sound)] = at_level(sound, level)
        pcm = (pcm * 32_767).astype(np.int16)
        return Scene(pcm, "barge_in", "short", "en", ONSET + len(sound), level, 0.0, "a b c")

    return make


class Written:
    """Stands where the listener does: says which stretches it was given."""

    def __init__(self, text):
        self.text, self.lengths = text, []

    def of(self, stretches, _language):
        self.lengths = [len(pcm) for pcm in stretches]
        return [self.text] * len(stretches)


def column(found, name):
    return found.vectors[:, FEATURE_NAMES.index(name)]


@pytest.fixture(scope="module")
def vad(bundle):
    return VoiceModel(bundle / "vad/model.onnx")


def test_no_text_is_in_two_splits_and_every_kind_is_in_each():
    seen = {}
    for split in Split:
        for kind in KINDS:
            said = texts(kind, split)
            assert {"en", "es", "fr"} <= {one.language for one in said}
            for one in said:
                assert seen.setdefault(one.text.lower(), split) is split


def test_no_variant_of_a_voice_is_in_two_splits():
    names = [name for split in Split for name in _VARIANTS[split]]
    assert len(names) == len(set(names))
    english = [accent for split in Split for accent in _ACCENTS["en"][split]]
    assert len(english) == len(set(english))


def test_a_seed_draws_the_same_voice():
    draws = [draw_voice("en", Split.TRAIN, np.random.default_rng(5)) for _ in range(2)]
    assert draws[0] == draws[1]


@spoken
def test_scenes_are_repeatable_and_of_every_label():
    labels = set()
    for seed in range(24):
        one = made(Split.HELD_OUT, seed)
        labels.add(one.label)
        assert one.pcm.shape == (LENGTH,)
        assert one.pcm.dtype == np.int16
        assert ONSET < one.end <= LENGTH
        if seed < 4:
            assert np.array_equal(one.pcm, made(Split.HELD_OUT, seed).pcm)
    assert labels == set(LABELS)


@pytest.mark.parametrize("level", [-40.0, -15.0])
def test_a_level_is_what_it_says(level):
    tone = np.sin(np.arange(RATE) / 9).astype(np.float32)
    rms = np.sqrt((at_level(tone, level) ** 2).mean())
    assert abs(20 * np.log10(rms) - level) < 0.1


@pytest.mark.bundle
def test_decisions_are_96_ms_apart_and_stop_after_the_sound(vad, barge_in):
    found = moments(barge_in(seconds=0.5), vad, None, np.random.default_rng(0))
    assert all(
        abs(after - before - 3 * HOP / RATE) < 1e-6 for before, after in pairwise(found.times)
    )
    assert found.times[-1] <= 0.5 + 0.5
    assert found.over.any()
    assert not found.over[0]
    assert (column(found, "words_known") == 0).all()


@pytest.mark.bundle
def test_words_come_late_and_cover_only_what_was_heard(vad, barge_in):
    listener = Written("no wait")
    found = moments(barge_in(seconds=1.5), vad, listener, np.random.default_rng(0))
    assert found.noticed
    assert listener.lengths == sorted(listener.lengths)
    lead = int(0.2 * RATE)
    assert set(listener.lengths) <= {lead + RATE // 4 * look for look in range(1, 6)}
    known = column(found, "words_known") == 1
    elapsed = column(found, "elapsed")
    assert known.any()
    assert elapsed[known].min() >= 0.25 + 0.3
    assert column(found, "words_age")[known].min() >= 0.3 - 1e-6


@pytest.mark.bundle
def test_what_is_not_heard_is_not_noticed(vad, barge_in):
    silent = barge_in(1.0, level=-95.0)
    found = moments(silent, vad, Written("you"), np.random.default_rng(0))
    assert not found.noticed
    assert (column(found, "words_known") == 0).all()


@pytest.mark.bundle
def test_a_stretch_is_written_down_once(bundle, barge_in, tmp_path):
    stretch = barge_in(2.0).pcm
    first = Transcripts(bundle / "listener", tmp_path)
    written = first.of([stretch, stretch[: 2 * RATE]], "en")
    again = Transcripts(bundle / "listener", tmp_path)
    assert again.of([stretch, stretch[: 2 * RATE]], "en") == written
    assert (first.asked, again.asked) == (2, 0)
    assert again.of([stretch], "es")
    assert again.asked == 1
