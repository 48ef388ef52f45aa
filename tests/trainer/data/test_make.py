"""Sets as files."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import soundfile
from lhotse import CutSet, validate

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, DataError
from talkover.trainer.data.lines import Line
from talkover.trainer.data.make import CUTS, MANIFEST, make
from talkover.trainer.data.recipe import Guest, Recipe
from talkover.trainer.data.streaming.recorded import Recorded
from talkover.trainer.data.streaming.sources import Spoken
from talkover.trainer.data.streaming.stream import Stream
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split

HOURS = 0.06  # two shards


@pytest.fixture(scope="module")
def recipe(recipe_file):
    return Recipe.load(str(recipe_file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, recipe):
    out = tmp_path_factory.mktemp("sets") / "one"
    make(recipe, Split.TRAIN, out, hours=HOURS, processes=2)
    return out


def lines(folder):
    return [json.loads(line) for line in (folder / MANIFEST).read_text("utf-8").splitlines()]


def hashes(folder):
    """Of all that belongs to a set; shards that were made ahead of its end do not."""
    listed = {folder / line["audio_filepath"] for line in lines(folder)}
    listed |= {folder / "shards" / f"{path.parent.name}.jsonl" for path in listed}
    listed |= {folder / name for name in (MANIFEST, CUTS, "recipe.json")}
    return {path.relative_to(folder): sha256(path.read_bytes()).hexdigest() for path in listed}


def test_no_audio_is_left_that_no_shard_lists(folder):
    audio, shards = (
        {path.stem for path in (folder / name).iterdir()} for name in ("audio", "shards")
    )
    assert audio == shards


def test_the_manifest_says_what_is_in_the_files(folder):
    listed = lines(folder)
    assert len({line["id"] for line in listed}) == len(listed)
    seconds = sum(line["duration"] for line in listed)
    assert HOURS * 3_600 <= seconds < HOURS * 3_600 + 400  # the last shard goes over it
    for line in listed[::25]:
        pcm, rate = soundfile.read(folder / line["audio_filepath"], dtype="int16")
        assert (rate, len(pcm) / rate) == (RATE, pytest.approx(line["duration"], abs=1e-4))
        assert " ".join(word["text"] for word in line["words"]) == line["text"]
        assert {word["language"] for word in line["words"]} == set(line["languages"]) == {"en"}
        assert (line["split"], line["engine"], line["pattern"]) == ("train", "espeak", "")
        assert line["locale"].startswith("en-")


def test_the_files_are_what_the_recipe_streams(folder, recipe):
    with Studio(recipe, Split.TRAIN) as studio:
        made = studio.utterance(3)
    pcm, _ = soundfile.read(folder / lines(folder)[3]["audio_filepath"], dtype="int16")
    assert np.array_equal(pcm, to_int16(made.pcm))


def test_lhotse_reads_the_cuts(folder):
    cuts = CutSet.from_file(folder / CUTS)
    validate(cuts)
    listed = lines(folder)
    assert [cut.id for cut in cuts] == [line["id"] for line in listed]
    line, cut = listed[7], cuts.with_recording_path_prefix(str(folder))[7]
    said = cut.supervisions[0]
    assert (said.text, said.language, said.speaker) == (line["text"], "en", line["speaker"])
    assert said.custom["accent"] == line["accent"]
    words = [(word.symbol, word.start, word.end) for word in said.alignment["word"]]
    assert words == [
        (word["text"], pytest.approx(word["start"]), pytest.approx(word["end"], abs=1e-4))
        for word in line["words"]
    ]
    assert len(said.alignment["phone"]) == sum(len(word["phones"]) for word in line["words"])
    assert cut.load_audio().shape == (1, round(line["duration"] * RATE))
    word = cut.trim_to_alignments("word")[2]
    assert word.duration == pytest.approx(line["words"][2]["end"] - line["words"][2]["start"], 0.01)


@pytest.mark.slow
def test_what_was_killed_goes_on_to_the_same_files(folder, recipe, recipe_file, tmp_path):
    out = tmp_path / "again"
    code = "from talkover.core.cli import main; main()"
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", code, "data", "make", "--recipe", str(recipe_file)),
            *("--out", str(out), "--hours", str(HOURS), "--processes", "2"),
        ],
        stdout=subprocess.DEVNULL,
    )
    until(lambda: len(list(out.glob("audio/*/*.flac"))) > 9)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / MANIFEST).exists()
    # Its own processes end with it, so that nobody else writes there.
    until(lambda: not working_in(out))
    make(recipe, Split.TRAIN, out, hours=HOURS, processes=2)
    assert lines(out) == lines(folder)
    assert hashes(out) == hashes(folder)
    again = make(recipe, Split.TRAIN, out, hours=HOURS, processes=1)
    assert again == (len(lines(folder)), 0.0)
    assert hashes(out) == hashes(folder)


def until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def working_in(out):
    """Whether files still come."""
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    time.sleep(1.0)
    return before != {path: path.stat().st_mtime_ns for path in out.rglob("*")}


def test_a_folder_with_something_else_in_it_is_left_alone(folder, recipe, tmp_path):
    for other, options in ((replace(recipe, seed=5), {}), (recipe, {"clean": True})):
        with pytest.raises(DataError, match="another set"):
            make(other, Split.TRAIN, folder, hours=0.01, processes=1, **options)
    older = tmp_path / "older"
    older.mkdir()
    mark = json.loads((folder / "recipe.json").read_text()) | {"code": "of last year"}
    (older / "recipe.json").write_text(json.dumps(mark, indent=1, ensure_ascii=False))
    with pytest.raises(DataError, match="version of Talkover"):
        make(recipe, Split.TRAIN, older, hours=0.01, processes=1)
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="not empty"):
        make(recipe, Split.TRAIN, tmp_path, hours=0.01, processes=1)
    assert not list(tmp_path.glob("*.json"))


def test_an_engine_that_is_missing_is_named_before_anything_is_made(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    guest = Guest("flite", 0.1, {Split.TRAIN: ("flite-slt",), Split.TEST: ("flite-awb",)})
    with pytest.raises(ConfigError, match="speaks as flite-slt: install flite"):
        make(
            *(replace(recipe, guests=(guest,)), Split.TRAIN, tmp_path / "one"),
            hours=0.01,
            processes=1,
        )
    assert not list(tmp_path.iterdir())


def test_a_set_that_was_made_clean_is_dirtied_to_the_same(folder, recipe, tmp_path):
    out = tmp_path / "clean"
    make(recipe, Split.TRAIN, out, hours=0.001, processes=1, clean=True)
    assert all(line["noise"] == "" and line["snr"] is None for line in lines(out))
    source = Recorded(out / MANIFEST, recipe)
    with Studio(recipe, Split.TRAIN) as studio:
        spoken = studio.utterance(7)
    assert source.make(7, 0).clean.words == spoken.clean.words
    for number, line in enumerate(lines(folder)[: source.count]):
        laid = source.make(number, 0)
        pcm, _ = soundfile.read(folder / line["audio_filepath"], dtype="int16")
        assert np.array_equal(to_int16(laid.pcm), pcm)
        assert (laid.clean.name, laid.noise) == (line["id"], line["noise"])
        assert laid.line == Line(**line["line"])


def test_a_recipe_can_be_streamed_as_it_is_spoken(folder, recipe):
    source = Spoken(recipe, Split.TRAIN)
    with Stream(source) as stream:
        stream.load_state_dict(stream.state_dict() | {"step": 48})
        for line, made in zip(lines(folder)[48:50], stream, strict=False):
            pcm, _ = soundfile.read(folder / line["audio_filepath"], dtype="int16")
            assert np.array_equal(to_int16(made.pcm), pcm)
