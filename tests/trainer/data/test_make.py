"""Sets as files."""

import json
from hashlib import sha256

import numpy as np
import pytest
import soundfile

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.make import MANIFEST, make
from talkover.trainer.data.recipe import Recipe, utterance
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat

HOURS = 0.08


def hashes(folder):
    found = sorted(folder.rglob("*.flac"))
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("sets") / "one"
    make(Recipe.load("dialects17"), Split.TRAIN, out, hours=HOURS, processes=2)
    return out


def lines(folder):
    return [json.loads(line) for line in (folder / MANIFEST).read_text("utf-8").splitlines()]


def test_the_manifest_says_what_is_in_the_files(folder):
    listed = lines(folder)
    assert len({line["id"] for line in listed}) == len(listed)
    seconds = sum(line["duration"] for line in listed)
    assert HOURS * 3_600 <= seconds < HOURS * 3_600 + 20
    for line in listed[::25]:
        pcm, rate = soundfile.read(folder / line["audio_filepath"], dtype="int16")
        assert (rate, len(pcm) / rate) == (RATE, pytest.approx(line["duration"], abs=1e-3))
        assert " ".join(word["text"] for word in line["words"]) == line["text"]


def test_the_files_are_what_the_recipe_streams(folder):
    with Throat() as throat:
        made = utterance(Recipe.load("dialects17"), Split.TRAIN, 3, throat)
    pcm, _ = soundfile.read(folder / lines(folder)[3]["audio_filepath"], dtype="int16")
    assert np.abs(pcm / 32_768 - made.pcm).max() < 1e-4


def test_what_was_broken_off_goes_on_to_the_same_files(folder, tmp_path):
    out = tmp_path / "again"
    with pytest.raises(RuntimeError, match="the power went"):
        make(
            *(Recipe.load("dialects17"), Split.TRAIN, out),
            hours=HOURS,
            processes=1,
            tick=_power_cut(60),
        )
    assert not (out / MANIFEST).exists()
    # As if it had been killed in the middle of a shard: some of its files, and no list of them.
    (out / "shards/00000.jsonl").unlink()
    next(iter((out / "audio/00000").iterdir())).write_bytes(b"half a file")
    make(Recipe.load("dialects17"), Split.TRAIN, out, hours=HOURS, processes=2)
    assert lines(out) == lines(folder)
    kept = {line["id"] + ".flac" for line in lines(folder)}
    first, second = hashes(folder), hashes(out)
    assert {name: first[name] for name in kept} == {name: second[name] for name in kept}


def _power_cut(after):
    left = [after]

    def tick(_seconds):
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("the power went")

    return tick


def test_a_folder_with_something_else_in_it_is_left_alone(folder, tmp_path):
    with pytest.raises(DataError, match="another set"):
        make(Recipe.load("dialects17", seed=5), Split.TRAIN, folder, hours=0.01, processes=1)
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="not empty"):
        make(Recipe.load("dialects17"), Split.TRAIN, tmp_path, hours=0.01, processes=1)
    assert not list(tmp_path.glob("*.json"))
