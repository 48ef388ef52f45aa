"""Figures of an aligner."""

from dataclasses import replace

import numpy as np
import pytest

from talkover.trainer.data.aligning.aligner import Alignment
from talkover.trainer.data.aligning.judge import (
    Judged,
    Lags,
    judge,
    lag_measures,
    listings,
    measures,
)
from talkover.trainer.data.aligning.skew import Lag
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.texts import Split
from talkover.trainer.data.timing import TimedPhone, TimedWord

SAID = Clean(
    *("one", Split.TEST, np.zeros(16_000, np.float32), "so"),
    (
        TimedWord(
            "so", 1_600, 4_800, (TimedPhone("s", 1_600, 3_200), TimedPhone("oʊ", 3_200, 4_800))
        ),
    ),
    accent="rp",
    engine="espeak",
    voice="espeak-f3",
)


def judged(condition, late, *, sure=0.9, **others):
    said = replace(SAID, **others)
    return Judged(condition, said, np.array(late, float), np.array(late, float), (sure,))


def test_lateness_is_found_less_claimed():
    found = Alignment(
        (
            TimedWord(
                "so", 1_760, 4_640, (TimedPhone("s", 1_760, 3_200), TimedPhone("oʊ", 3_200, 4_640))
            ),
        ),
        (0.8,),
        ((0.8, 0.8),),
        -0.1,
    )
    one = judge("clean", SAID, found)
    assert one.words.tolist() == [10, -10]
    assert one.sounds.tolist() == [10, 0]


def test_bars_are_for_one_engine():
    good = [judged("clean", [5, -9]), judged("10 dB", [-30, 39])]
    others = [judged("clean", [300, 300], engine="piper", voice="piper-joe")]
    found = {one.name: one for one in measures([*good, *others], engine="espeak")}
    assert found["word boundaries, median, espeak, clean"].value == 7
    assert found["word boundaries, median, espeak, clean"].met is True
    assert found["word boundaries, p90, espeak, 10 dB"].bar == "<= 100"
    assert found["word boundaries, median, piper-joe, clean"].met is None


@pytest.mark.parametrize(("late", "met"), [([20, -20], True), ([20, 21], False)])
def test_a_bar_can_be_missed(late, met):
    (median, _, _) = measures([judged("clean", late)], engine="espeak")
    assert median.met is met


def test_refusals_are_counted_by_skew():
    lags = [
        Lags("clean", 0, Lag(100.0, 0.0, 1.0)),
        Lags("clean", 0, Lag(-500.0, 0.0, 1.0)),
        Lags("clean", 640, Lag(600.0, 0.0, 1.0)),
        Lags("clean", -640, None),
    ]
    found = {one.name: (one.value, one.n) for one in lag_measures(lags)}
    assert found == {
        "lanes that fit, refused, clean": (50, 2),
        "lanes 40 ms off, refused, clean": (50, 2),
    }


def test_tables_are_by_accent_pair_pattern_and_confidence():
    some = [
        judged("clean", [1, 3]),
        judged("10 dB", [60, 90], accent="welsh", sure=0.3),
        judged("clean", [4, 4], pattern="tag", languages=("en", "es")),
    ]
    tables = {one.title: list(one.rows) for one in listings(some)}
    assert [row[0] for row in tables["By accent (ms)"]] == ["rp", "welsh"]
    assert tables["By pair of languages (ms)"][0][:4] == ["en–es", "2", "4.0", "4.0"]
    assert tables["By pattern of switching (ms)"][0][0] == "tag"
    assert tables["What confidence tells"][0] == ["0.2 to 0.4", "1", "90.0", "90.0", "100.0 %"]
