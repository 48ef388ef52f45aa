"""The table: shares, intervals, bars and the names of others."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.client.bench.duplex.lanes_duck import Duck, Ducked
from talkover.client.bench.duplex.measures import _duck_rows, score
from talkover.client.bench.duplex.measures_field import PUBLISHED, field_measures
from talkover.client.bench.duplex.measures_groups import groups, voice_type
from talkover.client.bench.duplex.measures_rows import mean, quantile, share, wilson
from talkover.client.bench.duplex.scoring import Outcome, read_calls
from talkover.client.bench.duplex.types import Event, Kind, ServerEvent

from .made_calls import DIGITS, Made, recorded_digits


@pytest.fixture(scope="session")
def digits(prompts):
    return recorded_digits(prompts)


def interrupted(digits, number, *, delay, kind=Kind.INTERRUPTION, language="en", tail=0.04):
    """A call in which the agent stops for something, and answers it."""
    made = Made(digits, name=f"made/dev/{number}")
    made.say(1.0)
    stop = made.words[3][1] + 0.2
    made.hush(stop)
    onset = stop - delay
    end = made.caller(onset)
    made.events.append(Event(kind, onset, end, language=language, detail="short", voice="espeak"))
    made.server.append(ServerEvent("BARGE_IN", stop - tail, 0))
    made.server.append(ServerEvent("TRUNCATION", stop, 0, "one two three"))
    made.say(end + 0.9, ("nine", "eight", "seven"), turn=1)
    return made.done()


def talked_on(digits, number, kind, language="en"):
    made = Made(digits, name=f"on/dev/{number}")
    made.say(1.0)
    made.events.append(Event(kind, 2.0, 2.4, language=language, voice="Allison"))
    return made.done()


def table(calls):
    rows = score(calls)
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    return {row.name: row for row in rows}


def test_yields_leaks_and_heard_text(digits):
    calls = [interrupted(digits, i, delay=0.3 + 0.02 * i) for i in range(6)]
    rows = table(calls)
    p50 = rows["yield after a real interruption's onset p50"]
    assert p50.value == pytest.approx(0.35, abs=0.04)
    assert p50.met
    assert p50.interval[0] <= p50.value <= p50.interval[1]
    assert rows["yield after a real interruption's onset, within 2 s"].value == 100
    assert rows["heard text at most 1 word off"].value == 100
    tail = rows["audio from the agent after a yield, grpc p95"]
    assert tail.value == pytest.approx(0.04, abs=0.02)
    assert rows["τ-voice R_Y"].value == 100
    assert rows["τ-voice L_Y"].value == pytest.approx(0.35, abs=0.04)
    assert rows["FDB v1 take-over, interruption"].value == 100
    assert rows["FDB v1 latency, interruption"].value == pytest.approx(0.9, abs=0.06)
    assert rows["FDB v1.5 stop latency"].value == pytest.approx(0.35, abs=0.04)
    assert rows["FDB v1.5 response latency"].value == pytest.approx(0.9, abs=0.06)


def test_who_never_yields_misses_every_bar_of_yielding(digits):
    rows = table([talked_on(digits, i, Kind.INTERRUPTION) for i in range(5)])
    for row in ("p50", "p95"):
        measured = rows[f"yield after a real interruption's onset {row}"]
        assert measured.value == 2.0
        assert measured.met is False
    assert rows["yield after a real interruption's onset, within 2 s"].met is False


def test_false_yields_are_shares_of_their_kind(digits):
    calls = [talked_on(digits, i, Kind.BACKCHANNEL) for i in range(3)]
    calls += [interrupted(digits, 9, delay=0.3, kind=Kind.BACKCHANNEL, language="de")]
    calls += [talked_on(digits, 10 + i, Kind.NOISE) for i in range(2)]
    rows = table(calls)
    back = rows["false yields: backchannels"]
    assert (back.value, back.n, back.met) == (25, 4, False)
    noise = rows["false yields: tics, cough, noise"]
    assert (noise.value, noise.n, noise.met) == (0, 2, True)
    assert rows["τ-voice selectivity BC"].value == 75
    assert "τ-voice selectivity VT" not in rows  # nothing was recorded for it
    assert math.isnan(rows["τ-voice selectivity, mean"].value)
    tables = {listing.title: listing.rows for listing in groups(read_calls(calls))}
    assert tables["By language"][0][:4] == ("backchannel", "de", "1", "100 %")
    assert tables["By language"][1][:4] == ("backchannel", "en", "3", "0 %")
    assert {row[1] for row in tables["By voice"]} == {"real", "synthetic"}


def test_too_little_echo_proves_nothing_but_one_mistake_does(digits):
    calm = table([talked_on(digits, 0, Kind.ECHO)])["false yields: own echo"]
    assert (calm.value, calm.met) == (0, None)
    wrong = table([interrupted(digits, 0, delay=0.3, kind=Kind.ECHO)])["false yields: own echo"]
    assert (wrong.value, wrong.met) == (1, False)


def test_pauses_and_turns(digits):
    made = Made(digits, name="pauses/dev/0")
    first = made.caller(1.0, "one")
    second = made.caller(first + 0.8, "two")
    made.events.append(Event(Kind.PAUSE, first, first + 0.8))
    made.events.append(Event(Kind.TURN_END, 1.0, second))
    made.say(second + 0.6, DIGITS[:4])
    rushed = Made(digits, name="pauses/dev/1")
    first = rushed.caller(1.0, "one")
    second = rushed.caller(first + 0.8, "two")
    rushed.events.append(Event(Kind.PAUSE, first, first + 0.8))
    rushed.events.append(Event(Kind.TURN_END, 1.0, second))
    rushed.say(first + 0.5, DIGITS[:4])
    rows = table([made.done(), rushed.done()])
    assert rows["agent starts in a mid-turn pause of up to 1.0 s"].value == 50
    assert rows["reply gap p50"].value == pytest.approx(0.6, abs=0.04)
    assert rows["reply gap p50"].n == 1
    assert rows["turns cut short by the agent"].value == 50
    assert rows["eot false cut-offs"].value == 50
    assert rows["FDB v1 take-over, pause"].value == 50
    assert rows["FDB v1 take-over, turn end"].value == 50
    assert rows["τ-voice I_A"].value == 0.5


@pytest.mark.parametrize(
    ("stopped", "duck", "after"),
    [
        (None, Duck(Ducked.YES, 0.12), 0.12),
        (0.4, Duck(Ducked.YES, 0.12), 0.12),
        (0.4, Duck(Ducked.NO), 0.4),
        (0.4, Duck(Ducked.UNDECIDED), None),  # there may have been a duck before
        (0.1, Duck(Ducked.UNDECIDED), 0.1),
        (None, Duck(Ducked.YES), None),
        (None, Duck(Ducked.NO), 1.0),
    ],
)
def test_what_counts_as_giving_way(stopped, duck, after):
    event = Outcome("a", Event(Kind.INTERRUPTION, 1, 2), True, 1, 2, duck, yielded_after=stopped)
    rows = _duck_rows([event])
    assert rows[0].n == (after is not None)
    assert rows[0].value == after or after is None


def test_nothing_recorded_meets_nothing():
    rows = table([])
    assert rows
    assert all(row.bar and row.met is False and math.isnan(row.value) for row in rows.values())


def test_every_published_figure_stands_beside_one_of_ours():
    names = {row.name for row in field_measures([])}
    assert {line.row for line in PUBLISHED} <= names


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_a_share(case):
    hits, total = case
    low, high = wilson(hits, total)
    assert 0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1
    assert low < high


def test_wilson_against_known_values():
    assert wilson(0, 40) == (0, pytest.approx(0.0876, abs=1e-4))
    assert wilson(8, 10) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 0) is None


def test_rows_have_their_bars():
    assert share("x", [True] * 97 + [False] * 3, at_least=97).met is True
    assert share("x", [True] * 96 + [False] * 4, at_least=97).met is False
    assert share("x", [], at_most=5).met is False
    assert quantile("x", [0.1, 0.2], 50, at_most=0.15).met is True
    assert mean("x", [1.0] * 10).interval == (1, 1)


def test_voices_are_real_or_not():
    assert voice_type("espeak:de+f3") == "synthetic"
    assert voice_type("en_US_f_Allison") == "real"
    assert voice_type("") == ""
