"""Callers with accents: what they say and do, and what it adds up to."""

import json
import math
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from talkover.client import Transcript, Turn, TurnKind
from talkover.client.bench.callers.plot import picture
from talkover.client.bench.callers.rows import Row, read_rows, write_row
from talkover.client.bench.callers.spoken import Utterance, calls_of, read_manifests
from talkover.client.bench.callers.talk import PATIENCE, SETTLE, Correct, Line, Press, Talk
from talkover.client.bench.callers.tally import changes, curve, fall, summarise, table, wer
from talkover.client.bench.running import Failed
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError

FRAME = 0.02
SAID = "The horse has hidden under the jacket again."
OLD, NEW = "a" * 64, "b" * 64


def line(frames: int = 5, *, corrects: bool = True, text: str = SAID) -> Line:
    utterance = Utterance("one", None, text, "scottish", "en-GB", "somebody")
    return Line(utterance, np.full(frames * RATE // 50, 7, np.int16), corrects)


def turn(kind: TurnKind, number: int = 0) -> Turn:
    return Turn(at=0, received=0.0, kind=kind, turn=number)


def words(text: str, received: float, number: int = 0, *, final: bool = True) -> Transcript:
    return Transcript(
        at=0,
        received=received,
        turn=number,
        final=final,
        text=text,
        words=(),
        language="en",
        confidence=1.0,
        starts_at=0,
        ends_at=0,
        bundle_id=OLD,
    )


class Caller:
    """A talk with a clock."""

    def __init__(self, *lines: Line) -> None:
        self.talk = Talk(lines, rate=RATE)
        self.now = 100.0
        self.deeds: list = []

    def run(self, seconds: float) -> list:
        """What is said; the last is None where the caller has hung up."""
        said = []
        for _ in range(round(seconds / FRAME)):
            self.now += FRAME
            said.append(self.talk.frame(self.now))
            self.deeds += self.talk.deeds()
            if said[-1] is None:
                break
        return said


def test_a_line_is_said_whole_after_a_pause():
    said = Caller(line(5)).run(2.0)
    loud = [place for place, frame in enumerate(said) if frame.any()]
    assert loud == list(range(loud[0], loud[0] + 5))
    assert 0.5 < loud[0] * FRAME < 0.7


def test_what_was_misheard_is_corrected_and_the_agent_is_stopped():
    caller = Caller(line(5))
    caller.run(0.8)
    caller.talk.event(turn(TurnKind.CALLER_STARTED))
    caller.run(1.0)
    assert not caller.talk.heard, "the turn is open"
    caller.talk.event(words("The most empty", caller.now))
    said = caller.run(2.0)
    assert said[-1] is None, "all is said"
    assert caller.deeds == [Correct(0, SAID), Press()]
    (heard,) = caller.talk.heard
    assert (heard.text, heard.bundle, heard.words, heard.errors) == ("The most empty", OLD, 8, 7)
    assert heard.corrected
    assert heard.wait == pytest.approx(1.1, abs=0.2)


@pytest.mark.parametrize(
    ("text", "corrects"), [("the horse has hidden under the jacket again", True), ("Horse", False)]
)
def test_nobody_corrects_what_is_right_and_not_everybody_what_is_wrong(text, corrects):
    caller = Caller(line(5, corrects=corrects))
    caller.run(1.0)
    caller.talk.event(words(text, caller.now))
    caller.run(SETTLE + 0.5)
    assert caller.deeds == [Press()]
    assert not caller.talk.heard[0].corrected


def test_a_line_that_falls_into_two_turns_is_one_and_is_not_corrected():
    caller = Caller(line(60))
    caller.run(1.0)
    caller.talk.event(turn(TurnKind.CALLER_STARTED))
    caller.talk.event(words("The horse", caller.now))
    caller.run(0.5)
    caller.talk.event(turn(TurnKind.CALLER_STARTED, 1))
    caller.run(2.0)
    assert not caller.talk.heard, "the second turn is open"
    caller.talk.event(words("under the jacket", caller.now, 1))
    caller.run(0.1)
    (heard,) = caller.talk.heard
    assert (heard.text, heard.turns) == ("The horse under the jacket", (0, 1))
    assert caller.deeds == [Press()]


def test_partial_words_are_not_the_last_ones():
    caller = Caller(line(5))
    caller.run(1.0)
    caller.talk.event(words("The horse has", caller.now, final=False))
    caller.run(3.0)
    assert not caller.talk.heard


def test_nothing_understood_and_nothing_noticed():
    caller = Caller(line(5), line(5))
    caller.run(1.0)
    caller.talk.event(turn(TurnKind.CALLER_STARTED))
    caller.talk.event(turn(TurnKind.FALSE_START))
    caller.run(SETTLE + 0.2)
    assert [(one.text, one.wait, one.errors) for one in caller.talk.heard] == [("", None, 8)]
    said = caller.run(PATIENCE + 5)
    assert said[-1] is None, "the caller went on by itself"
    assert len(caller.talk.heard) == 2


def test_what_came_late_is_not_of_the_next_line():
    caller = Caller(line(5), line(5))
    caller.run(1.0)
    caller.talk.event(words("one", caller.now))
    caller.run(SETTLE + 0.3)
    caller.talk.event(words("late", caller.now, 0))
    caller.run(1.0)
    caller.talk.event(words("two", caller.now, 1))
    caller.run(1.0)
    assert [one.text for one in caller.talk.heard] == ["one", "two"]


def utterance(name: str, speaker: str) -> Utterance:
    return Utterance(name, None, "x", "scottish", "", speaker)


def test_a_call_is_in_one_voice_and_all_comes_before_anything_comes_again():
    some = [utterance(f"{speaker}{n}", speaker) for speaker in "abc" for n in range(5)]
    calls = [*islice(calls_of(some, 2, seed=3), 18)]
    assert all(len({one.speaker for one in call}) == 1 for call in calls)
    assert max(map(len, calls)) == 2
    assert Counter(one.name for call in calls for one in call) == {one.name: 2 for one in some}
    assert calls == [*islice(calls_of(some, 2, seed=3), 18)]
    assert calls != [*islice(calls_of(some, 2, seed=4), 18)]


def test_manifests_are_read_from_where_they_lie(tmp_path):
    told = {"audio_filepath": "audio/a.flac", "text": "Hello.", "locale": "en-NG", "snr": 3}
    path = tmp_path / "manifest.jsonl"
    path.write_text(json.dumps(told) + "\n\n")
    (one,) = read_manifests([path])
    assert (one.path, one.text, one.locale) == (tmp_path / "audio/a.flac", "Hello.", "en-NG")
    assert (one.name, one.accent) == ("audio/a.flac", "")


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"audio_filepath": "a", "text": " "}', ""])
def test_what_is_no_manifest_is_refused(tmp_path, content):
    path = tmp_path / "manifest.jsonl"
    path.write_text(content)
    with pytest.raises(ConfigError):
        read_manifests([path])


def row(at: float, errors: int, *, bundle: str = OLD, accent: str = "scottish", **more) -> Row:
    plain = {
        "session": "s",
        "turn": 0,
        "name": "n",
        "locale": "en-GB",
        "said": "a b c d",
        "heard": "a",
        "words": 4,
        "wait": 1.0,
        "corrected": False,
    }
    return Row(at=at, errors=errors, bundle=bundle, accent=accent, **{**plain, **more})


def test_errors_are_pooled_and_a_loop_counts_as_much_as_its_words():
    found = wer([row(0, 1), row(1, 40), row(2, 0)])
    assert found.value == pytest.approx(100 * 5 / 12)
    assert found.unbounded == pytest.approx(100 * 41 / 12)
    assert found.interval is None, "three turns say too little"
    low, high = wer([row(n, n % 3) for n in range(30)]).interval
    assert low < 25 < high
    assert math.isnan(wer([]).value)


def test_a_fall_is_of_what_the_errors_were():
    before = [row(n, 2 + n % 3) for n in range(40)]
    after = [row(n, 1 + n % 2) for n in range(40)]
    value, (low, high) = fall(before, after)
    assert value == pytest.approx(100 * (1 - 60 / 119))
    assert low < value < high
    assert low > 25
    assert fall(before, after) == fall(before, after)
    unsure, (low, high) = fall(before, [row(n, 4 * (n % 2)) for n in range(10)])
    assert low < 0 < unsure < high
    assert fall(before[:3], after)[1] is None
    assert math.isnan(fall([row(0, 0)], after)[0])
    assert math.isnan(fall(before, [])[0])


def test_the_table_is_by_accent_and_bundle():
    rows = [row(0, 4), row(1, 2, bundle=NEW), row(2, 1, accent="nigerian")]
    found = {key: round(one.value) for key, one in table(rows).items()}
    assert found == {("scottish", OLD): 100, ("scottish", NEW): 50, ("nigerian", OLD): 25}


def test_errors_fall_over_time_and_the_weights_change_once():
    rows = [row(n, 4 if n < 20 else 0, bundle=OLD if n < 20 else NEW) for n in range(60)]
    points = curve(rows, "scottish")
    assert (points[0][1], points[-1]) == (100.0, (59, 0.0))
    assert [at for at, _ in points] == sorted(at for at, _ in points)
    assert changes(rows) == [(20, NEW)]
    drawn = picture(rows)
    assert drawn.count("<path") == 2, "a curve and its key"
    assert drawn.count('class="change"') == 1
    assert picture(rows[:3]) == ""


def test_names_are_shown_and_not_obeyed():
    rows = [row(n, 1, accent="<script>") for n in range(20)]
    assert "<script>" not in picture(rows)


def test_a_call_that_broke_misses_the_bar():
    rows = [row(n, 1, corrected=not n) for n in range(6)]
    measures = {one.name: one for one in summarise(rows, [])}
    assert measures["calls that broke"].met
    assert measures["turns that the caller corrected"].value == 1
    assert measures[f"word errors, scottish, bundle {OLD[:12]}"].value == 25.0
    broken = {one.name: one for one in summarise(rows, [Failed("call-1", "gone")])}
    assert broken["calls that broke"].met is False


def test_rows_come_back_as_they_were_and_half_a_line_is_left_out(tmp_path):
    rows = [row(2, 1), row(1, 0, wait=None)]
    path = tmp_path / "turns.jsonl"
    with path.open("w") as file:
        for one in rows:
            write_row(file, one)
        file.write('{"at": 3')
    assert read_rows([path, tmp_path / "none.jsonl"]) == sorted(rows, key=lambda one: one.at)
    path.write_text('{"other": 1}\n')
    with pytest.raises(ConfigError):
        read_rows([path])
