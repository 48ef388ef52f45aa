"""Figures of readers side by side, the bars, and who is judged."""

from dataclasses import replace

import pytest
from evaluation_hand_made import ACCENTS, EACH, PATTERNS, dialects, engine, nobody, people

from talkover.trainer.evaluation.trained.board import PHONES, WORDS, Board
from talkover.trainer.evaluation.trained.clips import Clip, Read
from talkover.trainer.evaluation.trained.counts import Counts
from talkover.trainer.evaluation.trained.figures import (
    MEAN,
    SPREAD,
    SWITCHING,
    THREE,
    UNHEARD,
    WORST,
    capped,
    headlines,
    real,
    wordless,
)
from talkover.trainer.evaluation.trained.verdicts import (
    CONTROL,
    Roles,
    differences,
    figures,
    measures,
    roles_of,
)

QUIET = {"silence": "", "noise": "", "music": ""}
STOCK = dict(zip((*ACCENTS, *PATTERNS), (2, 4, 6, 8, 8, 8), strict=True))
FINAL = dict(zip((*ACCENTS, *PATTERNS), (1, 2, 2, 3, 3, 2), strict=True))


def reader(errors, unheard, clean, noisy, texts=QUIET):
    return [*dialects(errors), *engine(unheard), *people(clean, noisy), *nobody(texts)]


@pytest.fixture(scope="module")
def board():
    return Board(
        {
            "stock": reader(STOCK, 8, 1, 4, {**QUIET, "music": "Thank you."}),
            CONTROL: reader(FINAL, 6, 1, 4),
            "rl": reader(FINAL, 5, 1, 3),
        }
    )


def of(board, name, reader):
    return headlines(board)[name].of(board.readers.index(reader)).value


def test_figures_are_what_they_say(board):
    assert of(board, MEAN, "stock") == pytest.approx(60)
    assert of(board, WORST, "stock") == pytest.approx((40 + 60 + 80 * 3) / 5)
    assert of(board, WORST, "rl") == pytest.approx((20 * 3 + 30 * 2) / 5)
    assert of(board, SPREAD, "stock") == pytest.approx(60)
    assert of(board, SPREAD, "rl") == pytest.approx(20)
    assert of(board, UNHEARD, "rl") == pytest.approx(50)
    assert of(board, real("clean", "es"), "rl") == pytest.approx(10)
    assert of(board, real("5 dB"), "rl") == pytest.approx(30)
    assert of(board, SWITCHING, "stock") == pytest.approx(4)
    assert of(board, SWITCHING, "rl") == pytest.approx(1)
    assert of(board, wordless("music"), "stock") == 100
    assert of(board, wordless("noise"), "stock") == 0
    assert of(board, THREE, "stock") == pytest.approx((60 + 80 + 40) / 3)


def test_bars_are_met_or_missed_by_what_they_ask(board):
    bars = {one.name: one for one in measures(board, Roles("stock", "rl", CONTROL, "rl"))}
    verdicts = {name: one.met for name, one in bars.items()}
    assert verdicts.pop(f"{WORST}: less in rl than in stock") is True
    assert bars[f"{WORST}: less in rl than in stock"].value == pytest.approx(100 * (1 - 24 / 68))
    assert bars[f"{UNHEARD}: less in rl than in stock"].value == pytest.approx(37.5)
    assert all(verdicts.values())
    assert len(verdicts) == 8 + 3 + 3 + 2
    assert bars[f"{THREE}: rl minus {CONTROL}"].value == pytest.approx(-20 / 3)
    assert bars[f"word errors, worst of the three: rl minus {CONTROL}"].note == "held-out voices"


def test_a_loop_counts_once_where_errors_are_capped():
    first, *rest = engine(2)
    looped = [replace(first, insertions=100), *rest]
    board = Board({"stock": looped, "rl": engine(2)})
    assert of(board, UNHEARD, "stock") == pytest.approx(100 * 112 / 60)
    assert of(board, capped(UNHEARD), "stock") == pytest.approx(100 * (10 + 2 * 5) / 60)
    bars = {one.name: one for one in measures(board, Roles("stock", "rl"))}
    assert bars[f"{UNHEARD}: less in rl than in stock"].value > 80
    assert bars[f"{capped(UNHEARD)}: less in rl than in stock"].value == pytest.approx(40)


def test_what_falls_short_is_told():
    worse = reader({**FINAL, "irish": 7}, 7, 2, 6, {**QUIET, "noise": "you"})
    board = Board({"stock": reader(STOCK, 8, 1, 4), CONTROL: reader(FINAL, 6, 1, 3), "rl": worse})
    found = {one.name: one for one in measures(board, Roles("stock", "rl", CONTROL, "rl"))}
    short = {name for name, one in found.items() if one.met is False}
    assert f"{UNHEARD}: less in rl than in stock" in short
    assert f"{SPREAD}: less in rl than in stock" in short
    assert f"{real('clean', 'fr')}: rl minus stock" in short
    assert f"{wordless('noise')}, rl" in short
    assert f"{THREE}: rl minus {CONTROL}" in short
    assert f"word errors, worst of the three: rl minus {CONTROL}" in short
    assert found[f"word errors, worst of the three: rl minus {CONTROL}"].note == "people at 5 dB"
    assert f"{wordless('music')}, rl" not in short


def test_without_stock_or_control_there_are_no_bars_of_theirs(board):
    alone = Board({"rl": board.rows["rl"]})
    bars = [one.name for one in measures(alone, Roles(None, "rl"))]
    assert bars == [f"{wordless(kind)}, rl" for kind in ("silence", "noise", "music")]


def test_every_figure_of_every_reader_is_in_a_table(board):
    rows = {row[0]: row[1:] for row in figures(board).rows}
    assert set(rows) == set(headlines(board))
    assert rows[UNHEARD] == ("%", "6", "80 (80 to 80)", "60 (60 to 60)", "50 (50 to 50)")
    low, high = headlines(board)[wordless("noise")].of(2).interval
    assert low == 0 < high < 50


def test_only_what_all_have_read_counts():
    board = Board({"stock": engine(8), "rl": engine(4)[1:]})
    assert [clip.number for clip in board.clips] == [1, 2, 3, 4, 5]
    assert len(board.rows["stock"]) == len(board.rows["rl"]) == 5
    assert Board({"stock": engine(8), "rl": []}).clips == []
    assert headlines(Board({"stock": [], "rl": []})) == {}


def test_readers_are_compared_two_by_two(board):
    rows = differences(board).rows
    pairs = {row[1] for row in rows if row[0] == UNHEARD}
    assert pairs == {f"stock → {CONTROL}", "stock → rl", f"{CONTROL} → rl"}
    (row,) = (row for row in rows if row[:2] == (UNHEARD, "stock → rl"))
    assert row[2:4] == ("80", "50")
    assert row[4].startswith("-30")
    assert row[5] == "37.5 (37.5 to 37.5)"


def test_some_of_a_board_is_a_board(board):
    some = board.of("real", sound="5 dB", condition="fr")
    assert len(some.clips) == EACH
    assert some.rates(WORDS).observed.tolist() == [[0.4], [0.4], [0.3]]
    assert some.rates(PHONES).observed[2, 0] == pytest.approx(0.2)


def talk(number, lane, said, written):
    words = tuple((word, "en") for word in said.split())
    clip = Clip("conversations", number, "overlap", "mixed", words, group="0", lane=lane)
    return Counts(Read(clip, written, complete=True, seconds=1.0), len(words))


def test_lanes_of_a_talk_are_judged_together_whichever_is_whose():
    right = [talk(0, "caller", "stop it now", "stop it"), talk(1, "agent", "my order", "my order")]
    swapped = [
        replace(one, read=replace(one.read, written=other.read.written))
        for one, other in zip(right, right[::-1], strict=True)
    ]
    board = Board({"a": right, "b": swapped})
    assert board.talks().observed.tolist() == [[0.2], [0.2]]
    assert Board({"a": right[:1]}).talks().groups == ()


def test_the_last_reader_but_the_control_is_judged():
    stages = [("stock", ""), ("sft", "sft"), ("rl", "rl"), (CONTROL, CONTROL)]
    assert roles_of(stages, "stock") == Roles("stock", "rl", CONTROL, "rl")
    shipped = [*stages, ("af2a541a-int8", "")]
    assert roles_of(shipped, "stock") == Roles("stock", "af2a541a-int8", CONTROL, "rl")
    assert roles_of([("stock", "")], "stock") == Roles("stock", "stock")
    assert roles_of([("sft", "sft"), ("rl", "rl")], "stock") == Roles(None, "rl")
