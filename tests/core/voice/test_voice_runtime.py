from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkover.core.errors import BundleError, ModelError, OutdatedError
from talkover.core.voice import SpokenClause, VoiceRuntime
from talkover.core.voice.config import CONFIG, GRAPH
from talkover.core.voice.runtime import MAX_CHARACTERS, PAUSES

pytestmark = pytest.mark.bundle

MIXED = "It costs $5.20, Dr. Smith — at 3:30pm, in the well-known U.S. (not 3.5)! Yes; really?"


def holds(clause: SpokenClause, text: str) -> None:
    assert [word.text for word in clause.words] == text.split()
    end = 0
    for word in clause.words:
        assert end <= word.start <= word.end
        end = word.end
    assert end <= len(clause.pcm)


def level(pcm: np.ndarray) -> float:
    return float(np.sqrt((pcm.astype(np.float64) ** 2).mean())) if len(pcm) else 0.0


def test_every_word_has_its_place(voice: VoiceRuntime) -> None:
    clause = voice.synthesise(MIXED, seed=1)
    holds(clause, MIXED)
    lengths = {word.text: word.end - word.start for word in clause.words}
    assert lengths.pop("—") == 0
    assert min(lengths.values()) > 0.04 * voice.rate


def test_sound_is_where_the_words_are(voice: VoiceRuntime) -> None:
    clause = voice.synthesise("Good morning. How can I help you today?", seed=2)
    speech = [level(clause.pcm[word.start : word.end]) for word in clause.words]
    assert min(speech) > 300
    gap = clause.pcm[clause.words[1].end + voice.rate // 10 : clause.words[2].start]
    assert len(gap) > voice.rate // 10
    assert level(gap[: -voice.rate // 20]) < min(speech) / 10


def test_a_clause_begins_at_once_and_ends_with_its_pause(voice: VoiceRuntime) -> None:
    for text, stop in (("Of course", ""), ("Of course,", ","), ("Of course.", ".")):
        clause = voice.synthesise(text, seed=3)
        assert clause.words[0].start < 0.08 * voice.rate
        silence = len(clause.pcm) - 1 - np.flatnonzero(clause.pcm)[-1]
        assert abs(silence / voice.rate - PAUSES[stop]) < 0.03
        assert (len(clause.pcm) - clause.words[-1].end) / voice.rate < PAUSES[stop] + 0.1


def test_phonemes_are_said_where_it_says(voice: VoiceRuntime) -> None:
    phonemes = [*"pˈɑː, 𐀀sˈiː"]
    sound, blanks = voice.pronounce(phonemes, seed=4)
    assert blanks.shape == (len(phonemes) + 1, 2)
    assert (np.diff(blanks, axis=0) >= 0).all()
    assert blanks[-1, 1] <= len(sound)
    comma, strange = phonemes.index(","), phonemes.index("𐀀")
    assert (blanks[strange] == blanks[strange + 1]).all()
    pause = sound[blanks[comma, 1] : blanks[comma + 1, 0]]
    vowel = sound[blanks[2, 1] : blanks[comma, 0]]
    assert level(pause) < level(vowel) / 10
    np.testing.assert_array_equal(voice.pronounce(phonemes, seed=4)[0], sound)
    for phonemes, pace in ((["s"] * 3_000, 1.0), (["s"], 3.0)):
        with pytest.raises(ModelError, match="at a pace of"):
            voice.pronounce(phonemes, pace=pace)


def test_a_seed_gives_the_same_speech(voice: VoiceRuntime) -> None:
    first, again = (voice.synthesise("The same again.", seed=7).pcm for _ in range(2))
    other = voice.synthesise("The same again.", seed=8).pcm
    np.testing.assert_array_equal(first, again)
    assert len(other) != len(first) or (other != first).any()


def test_pace(voice: VoiceRuntime) -> None:
    slow = voice.synthesise("Please tell me your name and number.", seed=4, pace=0.8)
    fast = voice.synthesise("Please tell me your name and number.", seed=4, pace=1.5)
    assert slow.words[-1].end > 1.3 * fast.words[-1].end


def test_speech_is_at_level_and_does_not_clip(voice: VoiceRuntime) -> None:
    pcm = voice.synthesise("Our office is open from nine until five on weekdays.", seed=5).pcm
    frames = pcm[: len(pcm) // 512 * 512].reshape(-1, 512).astype(np.float64)
    loudness = np.sqrt((frames**2).mean(axis=1))
    active = np.sqrt((loudness[loudness > loudness.max() / 10] ** 2).mean()) / 32768
    assert -24 < 20 * np.log10(active) < -17
    assert abs(pcm.astype(int)).max() < 32000


@pytest.mark.parametrize("text", ["", " \n", "...", "🎉", "你好世界", "مرحبا", "\0\x07", "\ud800"])
def test_what_cannot_be_said_is_silent(voice: VoiceRuntime, text: str) -> None:
    clause = voice.synthesise(text)
    holds(clause, text)
    assert len(clause.pcm) == 0


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=40))
def test_no_text_breaks_it(voice: VoiceRuntime, text: str) -> None:
    holds(voice.synthesise(text), text)


def test_a_long_text_is_refused(voice: VoiceRuntime) -> None:
    with pytest.raises(ModelError, match="split"):
        voice.synthesise("a" * (MAX_CHARACTERS + 1))
    with pytest.raises(ModelError, match="phonemes"):
        voice.synthesise("999999999999 " * 70)
    with pytest.raises(ModelError, match="pace"):
        voice.synthesise("hello", pace=5)


def test_a_folder_that_holds_no_voice_is_refused(voice_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="build the bundle again"):
        VoiceRuntime(tmp_path)
    (tmp_path / CONFIG).write_bytes((voice_folder / CONFIG).read_bytes())
    (tmp_path / GRAPH).write_bytes(b"not a graph")
    with pytest.raises(BundleError, match="cannot be loaded"):
        VoiceRuntime(tmp_path)


LONG = "Every spring the beekeepers carry their hives up to the high meadows, when it is cool."


def test_the_first_piece_is_short_and_all_pieces_are_the_whole(voice: VoiceRuntime) -> None:
    pieces = list(voice.pieces(LONG, seed=4))
    assert len(pieces) > 4
    assert len(pieces[0].pcm) < 0.5 * voice.rate
    whole = voice.synthesise(LONG, seed=4)
    np.testing.assert_array_equal(np.concatenate([p.pcm for p in pieces]), whole.pcm)
    assert [word.text for piece in pieces for word in piece.words] == LONG.split()


def test_nobody_hears_where_pieces_meet(
    voice: VoiceRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = voice.synthesise(LONG, seed=4).pcm.astype(int)
    monkeypatch.setattr("talkover.core.voice.runtime._CONTEXT", 10_000)
    at_once = voice.synthesise(LONG, seed=4).pcm.astype(int)
    assert len(pieces) == len(at_once)
    assert np.abs(pieces - at_once).max() <= 2, "the decoder was shown too little around a piece"


def test_a_voice_of_an_earlier_version_names_the_cure(voice_folder: Path, tmp_path: Path) -> None:
    for name in (GRAPH, CONFIG):
        (tmp_path / name).write_bytes((voice_folder / name).read_bytes())
    with pytest.raises(OutdatedError, match="models build"):
        VoiceRuntime(tmp_path)
