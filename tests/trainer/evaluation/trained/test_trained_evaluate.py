"""From what was read to tables and details."""

import json
from dataclasses import replace

import numpy as np
import pytest
from evaluation_hand_made import clip

from talkover.core.report import Report
from talkover.core.report.model import to_json
from talkover.trainer.evaluation.kept import Kept
from talkover.trainer.evaluation.trained.clips import Read, from_plain, to_plain
from talkover.trainer.evaluation.trained.evaluate import (
    Findings,
    Sounds,
    details,
    learnt_by,
    listings,
)
from talkover.trainer.evaluation.trained.readers import Reader
from talkover.trainer.evaluation.trained.sets import open_material
from talkover.trainer.evaluation.trained.verdicts import Roles


def never():
    raise AssertionError("nothing is read here")


READERS = [
    Reader("stock", "1", "as published", never),
    Reader("sft", "2", "a stage", never, ("without_flite",), "sft"),
]


@pytest.fixture(scope="module")
def findings():
    """Four clips, of which one is not wanted and another one has not been read by all."""
    said = tuple((word, "en") for word in ["turn", "it", "down", "please"])
    clips = [replace(clip("engine", number, "rp"), words=said) for number in range(4)]
    written = {"stock": "turn it on please", "sft": "turn it down please"}
    readings = {}
    for name, text in written.items():
        kept = Kept(None, {}, to_plain, from_plain)
        kept.add(
            [Read(one, text, complete=True, seconds=1.0) for one in clips[: 4 - (name == "sft")]]
        )
        readings[name] = kept
    return Findings({"engine": readings}, {"engine": frozenset({0, 1, 3})}, {"engine": "flite"})


def test_only_what_is_wanted_and_was_read_by_all_counts(findings):
    board = findings.board(READERS)
    assert [one.number for one in board.clips] == [0, 1]
    assert [one.errors for one in board.rows["stock"]] == [1, 1]
    assert [one.errors for one in board.rows["sft"]] == [0, 0]


def test_tables_and_details_say_who_read_what(findings):
    board = findings.board(READERS)
    tables = listings(board, Roles("stock", "sft"), READERS, findings)
    titles = [one.title for one in tables]
    assert titles[:3] == ["Readers", "Sets", "Figures (95 %)"]
    assert tables[1].rows == [("engine", "flite")]
    told = details(board, READERS, tables)
    content = json.loads(to_json(Report(title="t", measures=[]), told))
    assert content["figures"]["word errors, engine"]["stock"]["value"] == 25
    assert content["readers"][1]["learnt"] == ["without_flite"]
    assert content["tables"]["Readers"]["rows"][0] == ["stock", "as published"]


def test_what_anybody_has_learnt_from_is_known():
    assert learnt_by(READERS) == ("without_flite",)


def test_a_sound_is_made_once_more_as_it_was():
    with open_material("silence", 0) as material:
        one, pcm = material.make(5)
    with Sounds(0, ()) as sounds:
        assert np.array_equal(sounds(one), pcm)
