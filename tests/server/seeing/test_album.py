"""What is kept of what was shown, and which of it is found again."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.server.seeing import album as limits
from talkover.server.seeing.album import Album, Shot
from talkover.server.seeing.choosing import choose
from talkover.server.seeing.moments import Moment

FIFTH = RATE // 5


def shot(time, source="camera", size=10, *, dark=False):
    return Shot(time, source, b"" if dark else bytes(size), None)


def filled(times, turn=None, **more):
    made = Album()
    for time in times:
        made.add(shot(time, **more), turn=turn)
    return made


@given(
    st.lists(st.tuples(st.integers(0, 900 * RATE), st.integers(1, 1 << 20)), max_size=300),
    st.none() | st.integers(0, 900 * RATE),
)
def test_it_stays_within_its_bounds_whatever_comes(frames, turn):
    made = Album()
    for time, size in frames:
        made.add(shot(time, size=size), turn=turn)
        times = [kept.time for kept in made.shots]
        assert times == sorted(set(times))
        assert len(made.shots) <= limits.MAX_SHOTS
        assert made.bytes == sum(len(kept.data) for kept in made.shots)
        assert made.bytes <= max(limits.MAX_BYTES, size)
        assert times[-1] - times[0] <= 600 * RATE


@given(
    st.lists(st.integers(0, 60 * RATE), min_size=1, max_size=100, unique=True),
    st.integers(0, 60 * RATE),
)
def test_the_picture_in_view_is_the_last_one_taken_by_then(times, moment):
    made = filled(times)
    taken = sorted(times)
    place = bisect_right(taken, moment)
    found = made.at(moment)
    stale = place == len(taken) and moment - taken[-1] > 10 * RATE
    assert (found and found.time) == (taken[place - 1] if place and not stale else None)
    later = made.after(moment)
    assert (later and later.time) == (taken[place] if place < len(taken) else None)


@given(st.integers(30, 120), st.integers(1, 19))
def test_of_the_last_seconds_and_of_a_long_turn_every_picture_is_there(seconds, ago):
    """Five pictures a second: whatever moment of the turn is meant, its own picture is found."""
    now = seconds * RATE
    made = filled(range(0, now + 1, FIFTH), turn=now - 19 * RATE)
    moment = now - ago * RATE - FIFTH // 3
    found = made.at(moment)
    assert found is not None
    assert moment - FIFTH < found.time <= moment


def test_of_long_ago_some_are_left_ever_fewer():
    made = filled(range(0, 300 * RATE, FIFTH))
    gaps = [b.time - a.time for a, b in zip(made.shots, made.shots[1:], strict=False)]
    assert made.shots[0].time < RATE
    assert max(gaps[-38:]) == FIFTH
    assert sum(gaps[:20]) > 10 * sum(gaps[-20:])


def test_what_is_not_shown_any_more_is_not_in_view_but_was():
    made = filled([0, RATE])
    made.add(shot(3 * RATE, dark=True), turn=None)
    assert made.at(2 * RATE).time == RATE
    assert made.at(4 * RATE) is None
    assert made.last is None
    assert made.opened == -1
    made.add(shot(9 * RATE), turn=None)
    assert made.opened == 9 * RATE
    assert made.before(10 * RATE).time == RATE


def test_a_picture_grows_stale_unless_it_is_seen_again_or_was_chosen():
    made = filled([0])
    assert made.at(10 * RATE) is not None
    assert made.at(10 * RATE + 1) is None
    made.again(5 * RATE)
    assert made.at(15 * RATE) is not None
    assert filled([0], source="file").at(500 * RATE) is not None


def test_before_is_what_was_shown_and_not_what_passed_by():
    slides = [0, 5 * RATE, 10 * RATE, 10 * RATE + FIFTH, 10 * RATE + 2 * FIFTH]
    assert filled(slides).before(14 * RATE).time == 5 * RATE
    assert filled([0, 5 * RATE]).before(6 * RATE).time == 0
    assert filled([0]).before(RATE) is None


def test_before_is_two_seconds_earlier_where_everything_moves():
    made = filled(range(0, 10 * RATE, FIFTH))
    assert made.before(9 * RATE).time == 7 * RATE


def chosen(albums, at, when="then", source=None):
    view = choose(albums, Moment(at, when, "", source))
    return view and [(one.source, one.time) for one in view.shots(2)]


def test_the_moment_chooses_the_picture():
    albums = {"camera": filled([0, 5 * RATE])}
    assert chosen(albums, 4 * RATE) == [("camera", 0)]
    assert chosen(albums, 6 * RATE, "before") == [("camera", 0), ("camera", 5 * RATE)]
    assert chosen(albums, 6 * RATE, "change") == [("camera", 0), ("camera", 5 * RATE)]
    assert choose(albums, Moment(6 * RATE, "before")).shots(1)[0].time == 0
    assert choose(albums, Moment(6 * RATE, "change")).shots(1)[0].time == 5 * RATE
    assert chosen(albums, 100 * RATE) is None


def test_what_is_shown_a_little_later_will_do():
    assert chosen({"file": filled([3 * RATE], source="file")}, 2 * RATE) == [("file", 3 * RATE)]


def test_the_source_that_is_named_or_was_opened_last_is_meant():
    times = range(0, 20 * RATE, FIFTH)
    albums = {
        "screen": filled(times[50:], source="screen"),
        "camera": filled(times, source="camera"),
    }
    assert chosen(albums, 15 * RATE) == [("screen", 15 * RATE)]
    assert chosen(albums, 15 * RATE, source="camera") == [("camera", 15 * RATE)]
    assert chosen(albums, 5 * RATE) == [("camera", 5 * RATE)]
    albums["screen"].add(shot(times[-1] + 1, "screen", dark=True), turn=None)
    assert chosen(albums, 20 * RATE) == [("camera", times[-1])]
    assert choose({}, Moment(0)) is None
