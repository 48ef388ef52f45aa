"""Engines that speak, behind one way to speak."""

from hashlib import sha256

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, DataError, WeightsError
from talkover.trainer.data.accents import accent, accents
from talkover.trainer.data.engines import festival
from talkover.trainer.data.engines.available import available
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import voice, voices

TEXT = "Where is the fire, and could you start a square church?"
SPEAKERS = ("espeak-f3", "flite-kal", "flite-slt", "flite-awb", "festival-ked", "piper-joe-small")
HERE = {one.name for one in available()}


@pytest.fixture(scope="module")
def engines():
    with Engines() as engines:
        yield engines


def speak(engines, name, code, text=TEXT, **manner):
    """As it is said, if the engine is here."""
    if name not in HERE:
        pytest.skip(f"there is no {name} here")
    return engines.speak(voice(name), accent(code), accent(code).say(text), **manner)


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_word_is_heard_where_it_is_said(engines, name):
    said = speak(engines, name, voice(name).accents[0], f"{TEXT} Well, yes.")
    level = np.sqrt(np.mean(said.pcm**2))
    assert said.pcm.dtype == np.float32
    assert " ".join(word.text for word in said.words) == f"{TEXT} Well, yes."
    assert said.words[0].start <= round(0.06 * RATE)
    for word in said.words:
        assert 0.03 < (word.end - word.start) / RATE < 0.9, word.text
        assert np.sqrt(np.mean(said.pcm[word.start : word.end] ** 2)) > level * 0.1, word.text


@pytest.mark.parametrize("name", SPEAKERS)
def test_the_same_words_sound_the_same_whatever_was_said_before(engines, name):
    code = voice(name).accents[-1]
    first = speak(engines, name, code)
    speak(engines, name, voice(name).accents[0], "Something else.", pitch=80)
    with Engines() as others:
        second = speak(others, name, code)
    assert sha256(first.pcm.tobytes()).digest() == sha256(second.pcm.tobytes()).digest()
    assert first.words == second.words


@pytest.mark.parametrize("name", ["flite-slt", "festival-ked", "piper-joe"])
def test_pace_and_pitch_are_heard(engines, name):
    code = voice(name).accents[0]
    usual = speak(engines, name, code)
    assert len(speak(engines, name, code, pace=1.25).pcm) < 0.9 * len(usual.pcm)
    assert pitch_of(speak(engines, name, code, pitch=95).pcm) > 1.05 * pitch_of(usual.pcm)


def pitch_of(pcm):
    """The median of what autocorrelation finds (Hz)."""
    found = []
    for begin in range(0, len(pcm) - 1024, 512):
        frame = pcm[begin : begin + 1024] * np.hanning(1024)
        same = np.correlate(frame, frame, "full")[1023:]
        lags = same[RATE // 300 : RATE // 70]
        if lags.max() > 0.5 * same[0] > 0.01:
            found.append(RATE / (RATE // 300 + int(lags.argmax())))
    return np.median(found)


def test_the_neural_voice_speaks_in_every_accent(engines):
    for code in accents():
        said = speak(engines, "piper-joe", code, "Mother, wait.")
        assert 0.5 < len(said.pcm) / RATE < 2, code
        assert all(word.end > word.start for word in said.words), code


def test_a_text_is_never_a_program(engines, tmp_path):
    mark = tmp_path / "mark"
    text = f'yes") (system "touch {mark}") (print "no'
    for name in ("festival-kal", "flite-kal"):
        assert len(speak(engines, name, "rp", text).words) == len(accent("rp").say(text))
    assert not mark.exists()


def test_a_voice_says_what_it_is_not_fit_for(engines):
    with pytest.raises(DataError, match=r"does not speak rp; these do: .*flite-slt"):
        engines.speak(voice("flite-awb"), accent("rp"), [])
    with pytest.raises(DataError, match="no voice 'nobody'"):
        voice("nobody")


@pytest.mark.parametrize("engine", ["flite", "festival"])
def test_an_engine_that_is_not_there_is_named_with_its_package(engine, monkeypatch):
    words = accent("rp").say("Hello.")
    monkeypatch.setenv("PATH", "/nowhere")
    with Engines() as none, pytest.raises(ConfigError, match=f"apt-get install {engine}"):
        none.speak(voice(f"{engine}-kal"), accent("rp"), words)


def test_weights_that_are_not_there_are_named_with_the_command(tmp_path):
    with Engines(tmp_path) as engines, pytest.raises(WeightsError, match="talkover models pull"):
        engines.speak(voice("piper-joe"), accent("rp"), accent("rp").say("Hello."))
    assert "piper-joe" not in {one.name for one in available(tmp_path)}


def test_a_process_that_has_ended_is_noticed():
    with Engines() as engines:
        speak(engines, "festival-kal", "rp", "Hello.")
        engines._festival._process.kill()
        with pytest.raises(ConfigError, match="festival"):
            speak(engines, "festival-kal", "rp", "Hello.")


def test_a_process_that_does_not_answer_is_waited_for_no_longer(monkeypatch):
    with Engines() as engines:
        speak(engines, "festival-kal", "rp", "Hello.")
        monkeypatch.setattr(festival, "_TIMEOUT", 0.2)
        with pytest.raises(ConfigError, match="festival"):
            engines._festival._ask("(while t nil)")


def test_voices_are_people_and_every_accent_is_spoken_by_several_engines():
    assert len({one.person for one in voices().values() if one.engine != "espeak"}) == 6
    for code in accents():
        assert len({one.engine for one in voices().values() if code in one.accents}) > 1, code
    assert set(voices()) >= HERE


def test_what_has_no_sound_is_silence(engines):
    assert len(engines.speak(voice("piper-joe"), accent("rp"), []).pcm) == 0
