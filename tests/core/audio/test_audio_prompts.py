import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.audio import read_wav, write_wav
from talkover.core.audio.prompts import find_prompts, parse_transcript
from talkover.core.errors import AudioError

TRANSCRIPT = """; A comment: not a prompt

goodbye: Good bye.
digits/7: seven
time-is:   The time is: exactly
beep: [a beep]
letters/at: at [@]
join: (beep)
empty:
not-recorded: Nobody said this.
../../escape: no
"""


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKOVER_RECORDINGS", str(tmp_path))
    doc = tmp_path / "usr/share/doc/asterisk-core-sounds-en"
    doc.mkdir(parents=True)
    with gzip.open(doc / "core-sounds-en.txt.gz", "wt") as file:
        file.write(TRANSCRIPT)
    sounds = tmp_path / "usr/share/asterisk/sounds/en_US_f_Allison"
    for name in ("goodbye", "digits/7", "time-is", "beep", "extra"):
        write_wav(sounds / f"{name}.wav", np.zeros(80, np.int16), rate=8_000)
    return tmp_path


def test_prompts_are_speech_with_a_recording(recordings):
    found = {prompt.name: prompt.text for prompt in find_prompts("en")}
    assert found == {
        "digits/7": "seven",
        "goodbye": "Good bye.",
        "time-is": "The time is: exactly",
    }
    assert all(len(read_wav(prompt.path)) == 160 for prompt in find_prompts("en"))
    assert {prompt.seconds for prompt in find_prompts("en")} == {0.01}


def test_an_unpacked_transcript_will_do(recordings):
    doc = recordings / "usr/share/doc/asterisk-core-sounds-en"
    (doc / "core-sounds-en.txt.gz").unlink()
    (doc / "core-sounds-en.txt").write_text("goodbye: Good bye.\n")
    assert [prompt.name for prompt in find_prompts("en")] == ["goodbye"]


def test_a_broken_transcript_says_so(recordings):
    packed = recordings / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    packed.write_bytes(packed.read_bytes()[:20])
    with pytest.raises(AudioError, match="install its package again"):
        find_prompts("en")


def test_an_unknown_language_names_the_known_ones():
    with pytest.raises(AudioError, match="en, es, fr"):
        find_prompts("tlh")


@given(st.text(max_size=400))
def test_no_transcript_leads_out_of_its_folder(content):
    for name, text in parse_transcript(content + "\n../x: y\n/etc/passwd: z").items():
        assert not name.startswith((".", "/"))
        assert text.strip()


def test_a_name_never_climbs():
    assert parse_transcript("a/../../b: words") == {}
