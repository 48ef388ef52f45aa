"""Tables, pictures and sounds of the report."""

import numpy as np
import pytest
from evaluation_hand_made import clip, counted, dialects, engine, nobody, people

from talkover.core.report import Report, to_html
from talkover.trainer.evaluation.trained.board import Board
from talkover.trainer.evaluation.trained.figures import MEAN, UNHEARD
from talkover.trainer.evaluation.trained.page import sections, worst_clips
from talkover.trainer.evaluation.trained.tables import (
    BANDS,
    NOTHING,
    band,
    band_bars,
    by_band,
    by_condition,
    by_kind,
    condition_bars,
    confused,
    confusion,
    reductions,
    speeds,
)
from talkover.trainer.evaluation.trained.verdicts import Roles, measures

QUIET = {"silence": "", "noise": "", "music": "you"}


@pytest.fixture(scope="module")
def board():
    first = [*dialects({"rp": 4, "tag": 8}), *engine(6), *people(1, 4), *nobody(QUIET)]
    second = [*dialects({"rp": 2, "tag": 4}), *engine(3), *people(1, 2), *nobody(QUIET)]
    return Board({"stock": first, "sft": second})


def test_noise_is_told_in_bands():
    snrs = [None, 30.0, 20.0, 19.9, 10.0, 9.9, 0.0, -0.1]
    found = [band(clip("engine", 0, "rp", snr=snr)) for snr in snrs]
    assert found == [BANDS[place] for place in (0, 1, 1, 2, 2, 3, 3, 4)]


def test_every_condition_is_in_the_table_but_those_without_words(board):
    rows = {row[0]: row[1:] for row in by_condition(board).rows}
    assert set(rows) == {
        *("dialects17x5, rp", "dialects17x5, tag", "engine, rp"),
        *(
            f"real, {language}, {sound}"
            for language in ("en", "es", "fr")
            for sound in ("clean", "5 dB")
        ),
    }
    assert rows["dialects17x5, tag"][0] == "6"
    assert rows["dialects17x5, tag"][1].startswith("80 (")
    assert rows["dialects17x5, tag"][3].startswith("40 (")


def test_bands_and_kinds_are_in_tables(board):
    assert [row[0] for row in by_band(board).rows] == [*BANDS]
    kinds = {row[:2]: row[2:] for row in by_kind(board).rows}
    assert kinds["engine", "weighted phoneme errors"][0].startswith("10")
    assert kinds["silence", "clips with any word"][0].startswith("33.3")
    assert ("silence", "word errors") not in kinds
    assert ("engine", "language-switch errors") not in kinds
    assert [row[0] for row in speeds(board).rows] == ["stock", "sft"]


def test_pictures_have_every_condition_and_reader(board):
    found = condition_bars(board)
    assert {name: set(row) for name, row in found.items()} == {
        "rp": {"stock", "sft"},
        "tag": {"stock", "sft"},
    }
    assert found["tag"]["sft"].value == pytest.approx(40)
    assert list(band_bars(board)) == [*BANDS]
    less = reductions(board, "stock", lambda one: one.name in (MEAN, UNHEARD))
    assert {name: row["sft"].value for name, row in less.items()} == {MEAN: 50, UNHEARD: 50}
    assert "stock" not in less[MEAN]


def test_sounds_that_are_taken_for_others():
    one = counted(clip("engine", 0, "rp"), 2)
    said, heard, shares = confusion([one])
    assert said == ("t", "v")
    assert heard == (NOTHING, "w")
    assert shares.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert confusion([]).shares.shape == (0, 0)
    assert confusion([one], most=1).shares.shape == (1, 1)
    assert confused([one]).rows == [("t", NOTHING, "2"), ("v", "w", "2")]


def test_what_is_heard_right_has_no_cell():
    wrong = counted(clip("engine", 0, "rp"), 1)
    both = (("w", "v"), ("v", "w"), ("w", "w"), ("w", "w"), ("w", "w"))
    swapped = type(wrong)(wrong.read, 5, confused=both)
    said, heard, shares = confusion([swapped])
    assert said == heard == ("v", "w")
    assert np.isnan(np.diag(shares)).all()
    assert shares[1, 0] == 0.25


def test_the_worst_of_each_condition_are_heard(board):
    found = worst_clips(board.rows["stock"], most=4, each=2)
    assert [one.condition for one in found[:2]] == ["music", "music"]
    assert [one.condition for one in found[2:]] == ["tag", "tag"]
    assert worst_clips(board.of("silence", condition="noise").rows["stock"]) == []


def test_the_page_has_it_all(board):
    roles = Roles("stock", "sft")
    tone = np.sin(np.arange(8_000) / 9).astype(np.float32)
    found = sections(board, roles, lambda _clip: tone, [by_condition(board)])
    page = to_html(Report(title="t", measures=measures(board, roles)), found)
    assert page.count("<audio") == 12
    assert page.count("<svg") == 5
    for title in ("Against stock", "Sounds that sft takes for others", "The worst, to listen to"):
        assert f"<h2>{title}</h2>" in page
    assert "<script" not in page
