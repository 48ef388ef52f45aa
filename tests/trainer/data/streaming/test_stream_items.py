"""Streams: the same items whoever makes them ready, from wherever they go on."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.cli import app
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.streaming.batches import batches
from talkover.trainer.data.streaming.rate import measure_rate
from talkover.trainer.data.streaming.recorded import Recorded
from talkover.trainer.data.streaming.stream import Stream
from talkover.trainer.data.timing import TimedPhone, TimedWord

DIRT = replace(Recipe.load("dialects17"), noisy=1.0, music=0.0)
COUNT = 21


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Of several rates and lengths; one is a part of a longer file, in two channels."""
    folder = tmp_path_factory.mktemp("recorded")
    lines = []
    for number in range(COUNT):
        rate = (16_000, 8_000, 22_050)[number % 3]
        sound = np.random.default_rng(number).standard_normal((rate + 100 * number, 2)) / 20
        name = f"{number}.flac"
        soundfile.write(folder / name, sound[:, : 1 + number % 2], rate)
        lines.append({"audio_filepath": name, "text": f"Number {number}."})
    lines[3] |= {"offset": 0.25, "duration": 0.5, "id": "a part", "split": "test"}
    lines[4] |= {
        "words": [{"text": "Number", "start": 0.1, "end": 0.2, "phones": [["n", 0.1, 0.2]]}],
        "accent": "irish",
    }
    path = folder / "manifest.jsonl"
    path.write_text("\n\n".join(map(json.dumps, lines)))
    return path


def taken(source, count, *, skip=0, **options):
    with Stream(source, **options) as stream:
        stream.load_state_dict(stream.state_dict() | {"step": skip})
        return [
            (made.clean.name, made.noise, made.line, made.snr, made.pcm.tobytes())
            for made in islice(stream, count)
        ]


def test_the_workers_make_no_difference(manifest):
    source = Recorded(manifest, DIRT)
    alone = taken(source, 2 * COUNT)
    assert taken(source, 2 * COUNT) == alone
    assert taken(source, 2 * COUNT, workers=1) == alone
    assert taken(source, 2 * COUNT, workers=2) == alone
    names = [name for name, *_ in alone]
    assert sorted(names[:COUNT]) == sorted(names[COUNT:])
    assert names[:COUNT] != names[COUNT:]
    # The same utterance is heard otherwise in the next epoch.
    assert not {heard[-1] for heard in alone[:COUNT]} & {heard[-1] for heard in alone[COUNT:]}
    assert taken(source, COUNT, seed=1) != alone[:COUNT]


def test_a_stream_goes_on_at_any_step(manifest):
    source = Recorded(manifest, DIRT)
    whole = taken(source, 40, rank=1, ranks=2)
    with Stream(source, rank=1, ranks=2) as first:
        for _ in islice(first, 13):
            pass
        state = json.loads(json.dumps(first.state_dict()))
    assert state["step"] == 13
    assert taken(source, 27, skip=13, rank=1, ranks=2) == whole[13:]
    with Stream(source, rank=1, ranks=2) as second:
        second.load_state_dict(state)
        assert next(iter(second)).pcm.tobytes() == whole[13][-1]


def test_batches_leave_a_stream_where_they_end(manifest):
    with Stream(Recorded(manifest, DIRT)) as stream:
        first, second = islice(batches(stream, 5), 2)
        assert stream.state_dict()["step"] == 10
    names = [name for name, *_ in taken(Recorded(manifest, DIRT), 10)]
    assert [*first.names, *second.names] == names
    assert first.caller.shape == first.heard.shape
    assert first.caller.shape[0] == 5
    few = [Recorded(manifest).make(number, 0) for number in range(7)]
    assert [len(batch.names) for batch in batches(few, 4)] == [4, 3]


def test_words_that_are_not_in_the_sound_are_refused(manifest):
    made = Recorded(manifest).make(4, 0)
    late = replace(made.clean, words=(made.clean.words[0].later(2 * RATE),))
    with pytest.raises(DataError, match="manifest-0000004: words lane"):
        next(batches([replace(made, clean=late)], 1))


def test_the_state_of_another_stream_is_refused(manifest):
    source = Recorded(manifest)
    state = Stream(source, seed=1).state_dict()
    with pytest.raises(DataError, match="of another stream: its seed"):
        Stream(source, seed=2).load_state_dict(state)


def test_a_line_is_read_as_it_is_meant(manifest):
    source = Recorded(manifest)
    part, word = source.make(3, 0), source.make(4, 0)
    assert (part.clean.name, part.clean.split, part.noise) == ("a part", "test", "")
    assert len(part.pcm) == RATE // 2
    whole, _ = soundfile.read(manifest.parent / "3.flac")
    assert np.abs(part.pcm - whole.mean(axis=1)[4_000:12_000]).max() < 1e-4
    assert word.clean.words == (
        TimedWord("Number", 1_600, 3_200, (TimedPhone("n", 1_600, 3_200),), ""),
    )
    assert (word.clean.accent, word.clean.name) == ("irish", "manifest-0000004")
    assert len(word.pcm) == pytest.approx(1.05 * RATE, abs=RATE // 20)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"audio_filepath": "nothing.flac"}, "line 1, cannot be streamed: .*nothing.flac"),
        ({"text": "no audio"}, "audio_filepath"),
        ({"audio_filepath": "long.flac"}, "longer than 120 s"),
        ({"audio_filepath": "one.flac", "split": "dinner"}, "dinner"),
        ({"audio_filepath": "one.flac", "noise": "babble"}, "noise in it already"),
    ],
)
def test_what_cannot_be_streamed_is_named(tmp_path, line, fault):
    for name, seconds in (("long", 121), ("one", 1)):
        soundfile.write(tmp_path / f"{name}.flac", np.zeros(seconds * 8_000), 8_000)
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(line))
    with pytest.raises(DataError, match=fault):
        next(iter(Stream(Recorded(path, DIRT))))


def test_no_manifest_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        Recorded(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match="empty"):
        Stream(Recorded(tmp_path / "empty.jsonl"))


def test_the_rate_is_of_what_came_after_the_clock_ran(manifest):
    rate = measure_rate(Stream(Recorded(manifest, DIRT)), 30)
    assert 25 < rate.items < 30
    assert 29 < rate.speech < 31
    assert rate.times == pytest.approx(rate.speech / rate.took)
    assert rate.sha256 == measure_rate(Stream(Recorded(manifest, DIRT)), 30).sha256
    assert rate.sha256 != measure_rate(Stream(Recorded(manifest, DIRT), seed=1), 30).sha256
    with pytest.raises(DataError, match="take more"):
        measure_rate(Stream(Recorded(manifest, DIRT)), 0.5)


def test_the_command_reports_what_it_measured(manifest, recipe_file, tmp_path):
    report = tmp_path / "report.json"
    given = ("--manifest", str(manifest), "--recipe", str(recipe_file), "--seconds", "60")
    result = CliRunner().invoke(
        app, ["stream", *given, "--workers", "0", "--json", str(report)], env={"COLUMNS": "200"}
    )
    assert result.exit_code == 0, result.output
    found = json.loads(report.read_text("utf-8"))
    first = found["measures"][0]
    assert (first["name"], first["unit"], first["bar"]) == ("stream", "x real time", ">= 20")
    assert first["value"] > 0
    assert first["met"] == (first["value"] >= 20)
    drawn = Recipe.load(str(recipe_file))
    assert found["sha256"] == measure_rate(Stream(Recorded(manifest, drawn)), 60).sha256
    assert CliRunner().invoke(app, ["stream"]).exit_code == 2
