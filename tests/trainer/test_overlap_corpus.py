"""Made-up overlaps: repeatable, split by text and voice, seen as the server would see them."""

import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from talkover.client.bench.duplex import texts as bench_texts
from talkover.client.bench.duplex.material import Material, half_of
from talkover.core.clock import HOP, RATE
from talkover.core.overlap import FEATURE_NAMES
from talkover.core.overlap.config import LABELS
from talkover.core.overlap.ear import Ear
from talkover.core.speaker import SpeakerRuntime
from talkover.core.vad import VoiceModel
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.listen import Transcripts
from talkover.trainer.overlap.moments import moments
from talkover.trainer.overlap.scenes import LENGTH, ONSET, Scene, at_level, scene
from talkover.trainer.overlap.texts import KINDS, Split, texts
from talkover.trainer.overlap.throats import _CAST, _TUNES
from talkover.trainer.overlap.voices import (
    _ACCENTS,
    _FLITE,
    _PEOPLE,
    _VARIANTS,
    draw_voice,
    play,
)

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
        return Scene(pcm, "barge_in", "short", "en", ONSET + len(sound), level, 0.0, "a b c", None)

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


@pytest.fixture(scope="module")
def ear(bundle):
    return Ear(bundle / "overlap")


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


def test_nothing_that_the_bench_holds_out_is_learnt_from():
    """Neither its phrases, nor its voices, actors, readers and music."""
    held_out = Material("heldout")
    played = {
        plain(text)
        for table in (bench_texts.SHORT, bench_texts.LONG, bench_texts.BACKCHANNELS)
        for phrases in table["heldout"].values()
        for text in phrases
    } | {plain(text) for text in bench_texts.SIDE_TALK["heldout"]}
    voices = [one.voice for one in held_out.voices()]
    for split in (Split.TRAIN, Split.VALIDATION):
        assert not played & {plain(one.text) for kind in KINDS for one in texts(kind, split)}
        spoken = set(_VARIANTS[split])
        for voice in voices:
            if voice.engine == "espeak":
                assert voice.name.partition("+")[2] not in spoken
            elif voice.engine == "flite":
                assert voice.name not in _FLITE[split]
        assert not {reader.language for reader in held_out.readers()} & {*_PEOPLE[split]}
        assert not {actor.folder for actor in held_out.actors()} & {*_CAST[split]}
        assert not any(half_of(tune) == "heldout" for tune in _TUNES[split])


def plain(text):
    return "".join(character for character in text.casefold() if character.isalnum())


@pytest.mark.bundle
def test_the_callers_voice_is_measured_where_it_is_known(bundle, vad, ear, barge_in, prompts):
    speaker = SpeakerRuntime(bundle / "speaker")
    own = barge_in(seconds=2.0)
    same = replace(own, caller=own.pcm[ONSET:])
    found = moments(same, vad, ear, speaker, None, np.random.default_rng(0))
    assert column(found, "similarity_known")[-1] == 1
    assert column(found, "similarity")[-1] > 0.5
    unknown = moments(own, vad, ear, speaker, None, np.random.default_rng(0))
    assert column(unknown, "similarity").max() == 0


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
def test_decisions_are_96_ms_apart_and_stop_after_the_sound(vad, ear, barge_in):
    found = moments(barge_in(seconds=0.5), vad, ear, None, None, np.random.default_rng(0))
    assert all(
        abs(after - before - 3 * HOP / RATE) < 1e-6 for before, after in pairwise(found.times)
    )
    assert found.times[-1] <= 0.5 + 0.5
    assert found.over.any()
    assert not found.over[0]
    assert (column(found, "words_known") == 0).all()


@pytest.mark.bundle
def test_words_come_late_and_cover_only_what_was_heard(vad, ear, barge_in):
    listener = Written("no wait")
    found = moments(barge_in(seconds=1.5), vad, ear, None, listener, np.random.default_rng(0))
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
def test_what_is_not_heard_is_not_noticed(vad, ear, barge_in):
    silent = barge_in(1.0, level=-95.0)
    found = moments(silent, vad, ear, None, Written("you"), np.random.default_rng(0))
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
