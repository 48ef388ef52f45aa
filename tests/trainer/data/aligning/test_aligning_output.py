"""Aligned words as files, pictures and tables."""

import json
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
import soundfile
from PIL import Image
from rich.console import Console

from talkover.core.clock import RATE
from talkover.core.errors import AudioError, DataError
from talkover.trainer.data.aligning.aligner import Alignment
from talkover.trainer.data.aligning.formats import to_ctm, to_textgrid, to_words
from talkover.trainer.data.aligning.jobs import Done, Job, do, job_of, jobs_of, read_sound
from talkover.trainer.data.aligning.output import Outputs
from talkover.trainer.data.aligning.picture import picture, player
from talkover.trainer.data.timing import TimedPhone, TimedWord

FOUND = Alignment(
    (
        TimedWord(
            "no,", 1_600, 4_800, (TimedPhone("n", 1_600, 3_200), TimedPhone("oʊ", 3_200, 4_800))
        ),
        TimedWord("—", 4_800, 4_800, ()),
        TimedWord('"gracias"', 8_000, 9_600, (TimedPhone("ɡ", 8_000, 9_600),), "es"),
    ),
    (0.9, 0.0, 0.25),
    ((0.95, 0.85), (), (0.25,)),
    -0.3,
)
SOUND = np.sin(np.arange(RATE) / 9).astype(np.float32) / 3


@pytest.fixture
def done(tmp_path):
    words = tuple((word.text, word.language) for word in FOUND.words)
    return Done(Job("a/b 1", tmp_path / "a.wav", words, "rp", {"snr": 10}), SOUND, FOUND)


def intervals(grid):
    found = re.findall(r'xmin = ([\d.]+)\n\s+xmax = ([\d.]+)\n\s+text = "(.*)"', grid)
    return [(float(begin), float(end), text) for begin, end, text in found]


def test_a_textgrid_covers_all_of_the_sound_in_order():
    grid = to_textgrid(FOUND, RATE)
    assert grid.startswith('File type = "ooTextFile"\nObject class = "TextGrid"\n')
    words, sounds = (part for part in grid.split("item [")[2:])
    assert intervals(words) == [
        *((0, 0.1, ""), (0.1, 0.3, "no,"), (0.3, 0.5, ""), (0.5, 0.6, '""gracias""')),
        (0.6, 1.0, ""),
    ]
    assert [text for _, _, text in intervals(sounds)] == ["", "n", "oʊ", "", "ɡ", ""]
    assert "intervals: size = 5" in words
    assert "intervals: size = 6" in sounds


def test_a_manifest_line_has_words_with_confidence():
    first, nothing, last = to_words(FOUND)
    assert first == {
        "text": "no,",
        "start": 0.1,
        "end": 0.3,
        "language": "en",
        "confidence": 0.9,
        "phones": [["n", 0.1, 0.2, 0.95], ["oʊ", 0.2, 0.3, 0.85]],
    }
    assert nothing["start"] == nothing["end"]
    assert last["language"] == "es"


def test_a_ctm_has_a_line_a_word():
    assert to_ctm(FOUND, "call").splitlines()[0] == "call 1 0.100 0.200 no, 0.900"
    assert len(to_ctm(FOUND, "call").splitlines()) == 3


def test_a_picture_shows_words_and_a_spectrogram_and_marks_what_is_unsure():
    drawn = picture(SOUND, FOUND, "<call>")
    assert "<title>&lt;call&gt;</title>" in drawn
    assert "&quot;gracias&quot; 0.500 to 0.600 s, 0.25" in drawn
    assert drawn.count('class="unsure"') == 3
    png = b64decode(re.search(r"data:image/png;base64,([^\"]+)", drawn)[1])
    assert Image.open(BytesIO(png)).size == (100, 40)


def test_a_player_holds_the_sound():
    flac = b64decode(re.search(r"data:audio/flac;base64,([^\"]+)", player(SOUND))[1])
    pcm, rate = soundfile.read(BytesIO(flac))
    assert rate == RATE
    assert np.abs(pcm - SOUND).max() < 1e-4


def test_all_files_are_written_and_what_was_refused_is_told(done, tmp_path):
    paths = {
        "manifest": tmp_path / "out/m.jsonl",
        "textgrids": tmp_path / "grids",
        "ctm": tmp_path / "words.ctm",
        "svgs": tmp_path / "pictures",
        "page": tmp_path / "page.html",
    }
    outputs = Outputs(**paths)
    outputs.take(done)
    outputs.refuse("c", "too <short>")
    console = Console(record=True, width=120)
    outputs.finish(console)
    line = json.loads(paths["manifest"].read_text("utf-8"))
    assert (line["id"], line["snr"], len(line["words"]), line["duration"]) == ("a/b 1", 10, 3, 1.0)
    assert [path.name for path in paths["textgrids"].iterdir()] == ["a_b_1.TextGrid"]
    assert [path.name for path in paths["svgs"].iterdir()] == ["a_b_1.svg"]
    page = paths["page"].read_text("utf-8")
    assert "too &lt;short&gt;" in page
    assert page.count("<audio") == 1
    assert "too <short>" in console.export_text()


def test_a_single_recording_is_printed_word_by_word(done):
    outputs = Outputs()
    outputs.take(done)
    console = Console(record=True, width=120)
    outputs.finish(console)
    printed = console.export_text()
    assert re.search(r"0\.100\s+0\.300\s+no,\s+n oʊ\s+0\.90", printed)


def test_manifests_of_others_and_of_ours_are_read(tmp_path):
    manifest = tmp_path / "m.jsonl"
    lines = [
        {"audio_filepath": "x.wav", "text": "hola a todos", "language": "es"},
        {
            "id": "7",
            "audio_filepath": "y.wav",
            "text": "the casa",
            "accent": "foreign-es",
            "words": [{"text": "the", "language": "en"}, {"text": "casa", "language": "es"}],
        },
        {"audio_filepath": "z.wav", "text": "two words"},
    ]
    manifest.write_text("\n".join(map(json.dumps, lines)))
    first, second, third = jobs_of(manifest, "en", "rp")
    assert first.words == (("hola", "es"), ("a", "es"), ("todos", "es"))
    assert first.audio == tmp_path / "x.wav"
    assert (second.name, second.accent) == ("7", "foreign-es")
    assert second.words == (("the", "en"), ("casa", "es"))
    assert (third.name, third.accent, third.words[0]) == ("z", "rp", ("two", "en"))


@pytest.mark.parametrize("line", ["", "[]", '{"text": "no audio"}', "{"])
def test_a_line_that_is_none_is_named(tmp_path, line):
    manifest = tmp_path / "m.jsonl"
    manifest.write_text('{"audio_filepath": "x.wav", "text": "fine"}\n' + line + "\n")
    with pytest.raises(DataError, match="line 2: no utterance"):
        list(jobs_of(manifest, "en", ""))
    with pytest.raises(DataError, match=r"none\.jsonl cannot be read"):
        list(jobs_of(tmp_path / "none.jsonl", "en", ""))


def test_a_recording_of_any_rate_is_aligned(aligner, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([SOUND, SOUND], axis=1)[: RATE // 2], 8_000)
    assert read_sound(path).shape == (RATE,)
    done = do(job_of(path, "si, the casa", "es", ""), aligner)
    first = done.found.words[0]
    assert (first.text, first.language) == ("si,", "es")
    with pytest.raises(AudioError, match="cannot be read"):
        read_sound(tmp_path / "none.wav")
