"""Conversations of a recipe's people, as files."""

import json
from hashlib import sha256
from xml.etree import ElementTree as ET

import pytest
import soundfile
from typer.testing import CliRunner

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.cli import app
from talkover.trainer.data.conversations.files import to_rttm, to_stm, write_conversations
from talkover.trainer.data.conversations.rates import Rates
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split
from talkover.trainer.overlap.texts import KINDS, texts
from talkover.trainer.overlap.texts import Split as TextSplit

RATES = Rates(turns=4, barge_ins=0.5, backchannels=12, side_talk=4, television=0.5, echo=0.5)


@pytest.fixture(scope="module")
def recipe(recipe_file):
    return Recipe.load(str(recipe_file))


@pytest.fixture(scope="module")
def made(recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("talks") / "one"
    return out, write_conversations(recipe, Split.TRAIN, RATES, out, 2)


def hashes(folder):
    return {p.name: sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.*"))}


def test_the_manifest_says_what_is_in_the_files(made):
    out, lines = made
    listed = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert listed == lines
    for line in lines:
        pcm, rate = soundfile.read(out / line["audio_filepath"])
        assert (rate, pcm.shape) == (RATE, (line["samples"], 2))
        assert line["channels"] == ["caller", "agent"]
        speakers = {}
        for one in line["segments"]:
            assert 0 <= one["start"] < one["end"] <= line["samples"]
            assert one["text"] == " ".join(word["text"] for word in one["words"])
            assert speakers.setdefault(one["who"], one["speaker"]) == one["speaker"]
        assert {"agent", "caller"} <= set(speakers)
    kinds = {one["kind"] for line in lines for one in line["segments"]}
    assert kinds >= {"turn", "backchannel", "side_talk"}


def test_what_was_broken_off_goes_on_to_the_same_files(recipe, made, tmp_path):
    out = tmp_path / "again"

    def power_cut():
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        write_conversations(recipe, Split.TRAIN, RATES, out, 2, power_cut)
    assert not (out / "manifest.jsonl").exists()
    write_conversations(recipe, Split.TRAIN, RATES, out, 2)
    assert hashes(out) == hashes(made[0])


def test_a_folder_of_other_conversations_is_left_alone(recipe, made, tmp_path):
    with pytest.raises(DataError, match="other conversations; choose another --out"):
        write_conversations(recipe, Split.TEST, RATES, made[0], 1)
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        write_conversations(recipe, Split.TRAIN, RATES, tmp_path, 1)


def test_segments_for_scoring_leave_echoes_out(made):
    _, lines = made
    said = [one for line in lines for one in line["segments"] if one["kind"] != "echo"]
    rttm, stm = list(to_rttm(lines)), list(to_stm(lines))
    assert len(rttm) == len(stm) == len(said)
    for row, one in zip(rttm, said, strict=True):
        fields = row.split()
        assert len(fields) == 10
        assert (fields[0], fields[7]) == ("SPEAKER", one["who"])
        assert fields[2] == {"caller": "1", "agent": "2"}[one["lane"]]
        assert float(fields[4]) == pytest.approx((one["end"] - one["start"]) / RATE, abs=1e-4)
    for row, one in zip(stm, said, strict=True):
        name, _, who, begin, end, text = row.rstrip("\n").split(" ", 5)
        assert (who, text) == (one["who"], one["text"])
        assert name in one_of(lines)
        assert float(end) - float(begin) == pytest.approx(
            (one["end"] - one["start"]) / RATE, abs=2e-4
        )


def one_of(lines):
    return {line["id"] for line in lines}


def test_the_command_makes_them_and_draws_the_first(recipe_file, tmp_path):
    out = tmp_path / "talks"
    asked = ["converse", "--recipe", str(recipe_file), "--out", str(out), "--count", "1"]
    asked += ["--turns", "4", "--barge-ins", "1", "--echo", "1", "--television", "1"]
    result = CliRunner().invoke(app, asked, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "1 conversations" in result.output
    assert "2 barge in" in result.output
    svg = ET.fromstring((out / "first.svg").read_text("utf-8"))
    titles = [title.text for title in svg.iter("{http://www.w3.org/2000/svg}title")]
    (line,) = (out / "manifest.jsonl").read_text("utf-8").splitlines()
    assert len(titles) == 1 + len(json.loads(line)["segments"])
    assert sum("agent, echo" in title for title in titles) == 2


@pytest.mark.slow
def test_all_that_people_say_can_be_said():
    words = {
        word
        for kind in KINDS
        for split in TextSplit
        for said in texts(kind, split)
        if said.language == "en"
        for word in said.text.split()
    }
    for word in sorted(words):
        (said,) = accent("rp").say(word)
        assert said.phones, word
