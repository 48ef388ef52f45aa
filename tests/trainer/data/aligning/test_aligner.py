"""Words laid on sounds."""

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, DataError
from talkover.trainer.data.accents import SaidWord, accent
from talkover.trainer.data.aligning.aligner import LONGEST, Aligner
from talkover.trainer.data.aligning.network import Ear, Network, read_ear
from talkover.trainer.data.aligning.spectrum import BANDS, spectrum
from talkover.trainer.data.rules import Phone

SYMBOLS = ("", "t", "iː", "s", "ɑː")


@pytest.fixture
def told():
    """An aligner that is handed what an ear would hear."""
    return Aligner(Ear(Network(len(SYMBOLS)).eval(), SYMBOLS, {}))


def heard(*symbols, sure=0.9):
    """Log-probabilities of one symbol a frame."""
    rows = np.full((len(symbols), len(SYMBOLS)), (1 - sure) / (len(SYMBOLS) - 1), np.float32)
    rows[np.arange(len(symbols)), [SYMBOLS.index(symbol) for symbol in symbols]] = sure
    return np.log(rows)


def words(*written):
    return [SaidWord(word, tuple(map(Phone, word.split()))) for word in written]


def test_words_are_where_their_sounds_are_heard(told):
    sounds = ["", "", *"ttt", *["iː"] * 4, "", "", *"sss", *["ɑː"] * 3, ""]
    found = told.lay(heard(*sounds), words("t iː", "s ɑː"))
    assert [(word.start // 160, word.end // 160) for word in found.words] == [(2, 9), (11, 17)]
    assert [p.start // 160 for word in found.words for p in word.phones] == [2, 5, 11, 14]
    assert min(found.words_sure) > 0.99
    assert found.fit == pytest.approx(0, abs=1e-3)


def test_a_sound_that_was_not_foreseen_goes_to_the_nearest(told):
    found = told.lay(heard("", *"ttt", *["iː"] * 3, *"sss", ""), words("d ɪ", "z"))
    assert [(word.start // 160, word.end // 160) for word in found.words] == [(1, 7), (7, 10)]


def test_no_sound_is_shorter_than_30_ms_where_there_is_time(told):
    found = told.lay(heard(*"ttttt", *["iː"] * 5, "ɑː", *"ttttt"), words("t iː ɑː t"))
    lasts = [(phone.end - phone.start) // 160 for phone in found.words[0].phones]
    assert (min(lasts), sum(lasts)) == (3, 16)


def test_words_that_are_not_there_are_not_trusted(told):
    right = told.lay(heard("", "t", "iː", "s", "ɑː", ""), words("t iː", "s ɑː"))
    wrong = told.lay(heard("", "t", "iː", "s", "ɑː", ""), words("ɑː s", "iː"))
    assert max(wrong.words_sure) < min(right.words_sure)
    assert wrong.fit < right.fit


def test_a_word_without_sounds_lasts_for_no_time(told):
    found = told.lay(heard("t", "iː", "s"), [*words("t iː"), SaidWord("—", ()), *words("s")])
    assert [(word.start // 160, word.end // 160) for word in found.words] == [
        (0, 2),
        (2, 2),
        (2, 3),
    ]
    assert found.words_sure[1] == 0


def test_no_words_are_aligned_with_anything(told):
    assert told.lay(heard("", "t", ""), []).words == ()


def test_what_cannot_be_aligned_is_refused(told):
    with pytest.raises(DataError, match="too short"):
        told.align(np.zeros(1_000, np.float32), words("t iː t iː", "t iː t iː"))
    with pytest.raises(DataError, match="cut it"):
        told.align(np.zeros(LONGEST * RATE + 1, np.float32), [])


def test_a_trained_ear_finds_words_in_voices_that_it_never_heard(aligner, said):
    late = []
    for one in said:
        found = aligner.align(one.pcm, accent(one.accent).say(one.text))
        for mine, true in zip(found.words, one.words, strict=True):
            late += [abs(mine.start - true.start), abs(mine.end - true.end)]
    assert np.median(late) / RATE < 0.04


def test_an_ear_is_the_same_from_its_file(ear, said, tmp_path):
    path = tmp_path / "some" / "ear.safetensors"
    ear.write(path)
    again = read_ear(path)
    assert again.symbols == ear.symbols
    assert dict(again.account) == dict(ear.account)
    assert np.array_equal(again.hear(said[0].pcm), ear.hear(said[0].pcm))


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(ConfigError, match="run: talkover train aligner --out "):
        read_ear(tmp_path / "no.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="is no aligner"):
        read_ear(tmp_path / "bad.safetensors")


@pytest.mark.parametrize("count", [0, 1, 159, 160, 4_321])
def test_a_spectrum_has_a_frame_for_each_ten_milliseconds(count):
    sound = np.random.default_rng(0).standard_normal(count).astype(np.float32)
    assert spectrum(sound).shape == (count // 160, BANDS)


def test_a_spectrum_does_not_know_loudness_but_knows_when():
    sound = np.zeros(8_000, np.float32)
    sound[3_200:3_360] = np.sin(np.arange(160))
    seen, loud = spectrum(sound), spectrum(8 * sound)
    assert int(seen.mean(axis=1).argmax()) == 20
    assert np.abs(seen - loud).max() < 0.5
    assert not spectrum(np.zeros(1_600, np.float32)).any()
