"""Switches of recorded voices."""

import numpy as np
import pytest

from talkover.core.audio.prompts import find_prompts
from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.switching.joining import loudness
from talkover.trainer.data.switching.measures import fault_of
from talkover.trainer.data.switching.splices import RECORDED, draw_spliced, splice, voiced
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.data.texts import Split, split_of

CASES = [(pair, pattern) for pair in RECORDED for pattern in Pattern]


@pytest.fixture(autouse=True, scope="module")
def _recordings():
    if not all(find_prompts(language) for language in ("en", "es", "fr")):
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")


def drawn(pair, pattern, count, split=Split.TRAIN):
    random = np.random.default_rng(0)
    return [draw_spliced(pair, pattern, split, random) for _ in range(count)]


@pytest.mark.parametrize(("pair", "pattern"), CASES)
def test_every_splice_is_of_its_pattern_and_split(pair, pattern):
    for split in Split:
        for one in drawn(pair, pattern, 30, split):
            assert fault_of(one.text) == "", one.text.text
            assert split_of(one.text.text) is split
            assert one.text.text == " ".join(piece.text for piece in one.pieces)


def test_a_recorded_sentence_is_heard_in_one_split_alone():
    heard = {
        split: {
            piece.prompt.path for one in drawn("es-en", Pattern.BETWEEN, 60, split)
            for piece in one.pieces
        }
        for split in Split
    }  # fmt: skip
    assert not heard[Split.TRAIN] & heard[Split.TEST]
    assert not heard[Split.TRAIN] & heard[Split.VALIDATION]


def test_one_woman_speaks_english_and_spanish_and_another_french():
    assert drawn("es-en", Pattern.BETWEEN, 1)[0].speakers == ("Allison",)
    assert set(drawn("fr-en", Pattern.BETWEEN, 1)[0].speakers) == {"Allison", "June"}


@pytest.mark.parametrize(("pair", "pattern"), CASES)
def test_each_recording_is_one_word_with_exact_times_and_its_language(pair, pattern):
    (one,) = drawn(pair, pattern, 1)
    said = splice(one)
    assert [word.text for word in said.words] == [piece.text for piece in one.pieces]
    assert [w.language for w in said.words] == [p.prompt.language for p in one.pieces]
    assert said.words[0].start == 0
    assert said.words[-1].end == len(said.pcm)
    levels = [loudness(said.pcm[word.start : word.end]) for word in said.words]
    assert max(levels) / min(levels) < 1.2
    for before, after in zip(said.words, said.words[1:], strict=False):
        assert 0.03 < (after.start - before.end) / RATE < 0.4
        assert not said.pcm[before.end : after.start].any()


def test_silence_around_a_recording_is_cut_and_faint_sounds_are_not():
    sound = np.zeros(RATE, np.float32)
    sound[4_000:4_400] = 0.03
    sound[4_400:8_000] = 0.5
    assert len(voiced(sound)) == 4_000 + 2 * 480
    assert len(voiced(np.zeros(RATE, np.float32))) == RATE
    assert len(voiced(sound[:10])) == 10


def test_a_pair_that_nobody_recorded_is_named():
    with pytest.raises(DataError, match="nobody has recorded 'hi-en'; there are es-en, fr-en"):
        draw_spliced("hi-en", Pattern.TAG, Split.TRAIN, np.random.default_rng(0))
