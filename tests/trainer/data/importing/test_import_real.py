"""Real recordings in three languages and three layouts, with damaged ones among them."""

import json
from collections import Counter

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from talkover.core.clock import RATE
from talkover.trainer.data.importing.cli import import_set
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.streaming.recorded import Recorded
from talkover.trainer.data.texts import Split

from .damaged import WANTED, build

app = typer.Typer()
app.command()(import_set)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    corpus = build(folder)
    arguments = [*map(str, corpus.sources), "--out", str(folder / "set"), "--processes", "2"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "150"})
    print(result.output)
    assert result.exit_code == 3, result.output
    return corpus, folder / "set", result.output


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_all_sound_recordings_are_accepted(done):
    _, out, _ = done
    accepted = lines(out / "manifest.jsonl")
    found = Counter(line["languages"][0] for line in accepted)
    assert found == WANTED
    assert len({line["id"] for line in accepted}) == sum(WANTED.values()) == 500
    for line in accepted[::25]:
        pcm, rate = soundfile.read(out / line["audio_filepath"], dtype="int16")
        assert (rate, pcm.ndim) == (RATE, 1)
        assert len(pcm) / rate == pytest.approx(line["duration"], abs=1e-3)
        assert np.abs(pcm).max() > 1_000


def test_each_damaged_one_is_refused_for_what_is_wrong_with_it(done):
    corpus, out, _ = done
    refused = lines(out / "refused.jsonl")
    found = {}
    for one in refused:
        where = one["where"].partition("/")[2]
        name = one["audio"] if one["audio"] in corpus.expected else where
        found[name] = {finding["reason"] for finding in one["findings"]}
    assert set(found) == set(corpus.expected)
    missed = {n: (w, found[n]) for n, w in corpus.expected.items() if w.value not in found[n]}
    assert not missed
    assert len(set(corpus.expected.values())) >= 20


def test_a_command_in_a_wav_scp_is_not_run(done):
    corpus, _, _ = done
    assert not corpus.touched.exists()


def test_the_table_names_the_refused_and_the_summary_what_splits_are_worth(done):
    corpus, _, printed = done
    assert f"{len(corpus.expected)} refused (" in printed
    assert "es-pipe" in printed
    assert printed.count("fewer than three speakers") == 3


def test_the_set_can_be_streamed_with_noise_over_it_and_without(done):
    _, out, _ = done
    for recipe in (None, Recipe.load("dialects17")):
        source = Recorded(out / "manifest.jsonl", recipe)
        assert source.count == 500
        made = source.make(250, 0)
        assert made.clean.split in set(Split)
        assert len(made.pcm) == len(made.clean.pcm) > RATE // 3


def test_no_sentence_is_in_two_splits(done):
    _, out, _ = done
    splits = {}
    for line in lines(out / "manifest.jsonl"):
        splits.setdefault(line["text"].casefold(), set()).add(line["split"])
    assert all(len(some) == 1 for some in splits.values())
    assert {split for some in splits.values() for split in some} == {"train", "validation", "test"}
