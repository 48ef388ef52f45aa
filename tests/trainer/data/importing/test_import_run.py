"""Imports that are broken off, repaired, linked."""

import json

import numpy as np
import pytest
import soundfile

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.importing.convert import Wishes
from talkover.trainer.data.importing.entries import Reason
from talkover.trainer.data.importing.run import Source, run
from talkover.trainer.data.importing.sources import Format, read_source

COUNT = 150  # more than two shards
WISHES = Wishes(locale="en-GB", link=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings of nothing much, each with a text of its own; the last one is broken."""
    folder = tmp_path_factory.mktemp("corpus")
    random = np.random.default_rng(0)
    for number in range(COUNT):
        sound = random.standard_normal(RATE) * 0.1
        soundfile.write(folder / f"{number:03d}.flac", sound, RATE, subtype="PCM_16")
        (folder / f"{number:03d}.txt").write_text("a" * (number % 5 + 2) + " b" * (number // 20))
    (folder / f"{COUNT - 1:03d}.flac").write_bytes(b"")
    return folder


def source(folder):
    return [Source(lambda: read_source(folder, Format.FOLDER), folder.resolve())]


def files(out):
    return {
        path.relative_to(out): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_what_was_broken_off_goes_on_to_the_same_set(folder, tmp_path):
    whole, broken = tmp_path / "one/set", tmp_path / "two/set"
    run(source(folder), WISHES, whole, processes=1)

    def stop(_entries):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source(folder), WISHES, broken, processes=1, tick=stop)
    assert not (broken / "manifest.jsonl").exists()
    done = {path: path.stat().st_mtime_ns for path in (broken / "shards").iterdir()}
    assert done
    run(source(folder), WISHES, broken, processes=1)
    assert files(broken) == files(whole)
    assert all(path.stat().st_mtime_ns == then for path, then in done.items())


def test_a_repaired_file_is_looked_at_again_and_nothing_else_is(folder, tmp_path):
    out = tmp_path / "set"
    first = run(source(folder), WISHES, out, processes=1)
    assert first.left_out == first.refused[Reason.NO_AUDIO] == 1
    times = {path.name: path.stat().st_mtime_ns for path in (out / "shards").iterdir()}
    last = folder / f"{COUNT - 1:03d}.flac"
    sound = np.random.default_rng(9).standard_normal(RATE) * 0.1
    soundfile.write(last, sound, RATE, subtype="PCM_16")
    second = run(source(folder), WISHES, out, processes=1)
    last.write_bytes(b"")
    assert (second.left_out, second.accepted) == (0, COUNT)
    assert (out / "refused.jsonl").read_text() == ""
    again = [
        name for name, then in times.items() if (out / "shards" / name).stat().st_mtime_ns > then
    ]
    assert again == ["00002.jsonl"]


def test_files_that_are_as_they_should_be_are_linked_to(folder, tmp_path):
    run(source(folder), WISHES, tmp_path / "linked", processes=1)
    run(source(folder), Wishes(locale="en-GB"), tmp_path / "copied", processes=1)
    original = (folder / "000.flac").stat().st_ino
    paths = []
    for name in ("linked", "copied"):
        line = json.loads((tmp_path / name / "manifest.jsonl").read_text().splitlines()[0])
        paths.append(tmp_path / name / line["audio_filepath"])
    linked, copied = paths
    assert linked.stat().st_ino == original != copied.stat().st_ino
    first, second = (soundfile.read(path, dtype="int16")[0] for path in paths)
    assert np.array_equal(first, second)


def test_a_source_that_was_linked_to_is_not_written_to(tmp_path):
    original = tmp_path / "corpus/a.flac"
    original.parent.mkdir()
    random = np.random.default_rng(5)
    soundfile.write(original, random.standard_normal(RATE) * 0.1, RATE, subtype="PCM_16")
    original.with_suffix(".txt").write_text("hello there")
    content = original.read_bytes() + b"trailing"  # which no FLAC written anew would have
    original.write_bytes(content)
    for link in (True, False):
        wishes = Wishes(locale="en", link=link)
        assert run(source(original.parent), wishes, tmp_path / "set", processes=1).accepted == 1
    assert original.read_bytes() == content
    assert original.stat().st_nlink == 1


def test_part_of_a_recording_and_one_of_its_channels(tmp_path):
    random = np.random.default_rng(3)
    both = (random.standard_normal((4 * RATE, 2)) * [0.1, 0.0]).astype(np.float32)
    soundfile.write(tmp_path / "call.wav", both, RATE)
    lines = [
        {"audio_filepath": "call.wav", "offset": 1.0, "duration": 2.0, "text": "the middle of it"},
        {"audio_filepath": "call.wav", "offset": 3.5, "duration": 2.0, "text": "beyond the end"},
    ]
    manifest = tmp_path / "cut.json"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
    sources = [Source(lambda: read_source(manifest, Format.NEMO), tmp_path)]
    summary = run(sources, Wishes(locale="en", channel=0), tmp_path / "set", processes=1)
    assert summary.refused == {Reason.DURATION: 1}
    (line,) = map(json.loads, (tmp_path / "set/manifest.jsonl").read_text().splitlines())
    pcm, _ = soundfile.read(tmp_path / "set" / line["audio_filepath"])
    assert np.abs(pcm - both[RATE : 3 * RATE, 0]).max() < 1e-4
    assert line["source"] == {"where": "cut.json:1", "audio": "call.wav", "begin": 1.0}


def test_a_folder_with_something_else_in_it_is_left_alone(folder, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="not empty"):
        run(source(folder), WISHES, tmp_path, processes=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
