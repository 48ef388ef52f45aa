"""What became of events, on calls whose truth is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkover.client.bench.duplex import lanes_words
from talkover.client.bench.duplex.lanes import read_lane
from talkover.client.bench.duplex.scoring import outcomes, read_calls
from talkover.client.bench.duplex.types import Event, Kind, ServerEvent

from .made_calls import DIGITS, RATE, Made, recorded_digits


@pytest.fixture(scope="session")
def digits(prompts):
    return recorded_digits(prompts)


@pytest.fixture
def made(digits):
    return Made(digits)


def only(made):
    (outcome,) = outcomes(made.done())
    return outcome


def inside(made, index, share=0.5):
    """A moment in a word."""
    _, start, end = made.words[index]
    return start + share * (end - start)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(index=st.integers(2, 7), share=st.floats(0.25, 0.75), delay=st.floats(0.1, 0.9))
def test_a_yield_is_timed_to_the_sound(digits, index, share, delay):
    made = Made(digits)
    made.say(1.0)
    stop = inside(made, index, share)
    made.hush(stop)
    made.events.append(Event(Kind.INTERRUPTION, stop - delay, stop - delay + 1.5))
    outcome = only(made)
    assert outcome.judged
    # The voice may be below hearing just where it is cut, never by more than a closed mouth.
    assert delay - 0.11 < outcome.yielded_after < delay + 0.021
    assert outcome.resumed_after is None


def test_yields_are_not_biased(digits):
    errors = []
    for index in range(2, 8):
        for share in np.linspace(0.1, 0.9, 9):
            made = Made(digits)
            made.say(1.0)
            stop = inside(made, index, share)
            made.hush(stop)
            (cut,) = read_lane(made.done()).cuts
            errors.append(cut.at - stop)
    assert abs(np.median(errors)) < 0.015
    assert np.mean(np.abs(errors) < 0.03) > 0.9


def test_a_natural_end_is_no_yield(made):
    end = made.say(1.0)
    made.events.append(Event(Kind.BACKCHANNEL, end - 0.4, end - 0.1))
    outcome = only(made)
    assert outcome.yielded_after is None
    assert not outcome.judged  # nobody knows whether it would have gone on
    assert read_lane(made.done()).ends == (pytest.approx(end, abs=0.03),)


def test_a_pause_between_clauses_is_neither_yield_nor_beginning(made):
    end = made.say(1.0, DIGITS[:5])
    made.say(end + 0.45, DIGITS[5:], new=False)
    made.events.append(Event(Kind.NOISE, end - 0.3, end - 0.1))
    outcome = only(made)
    assert outcome.judged
    assert outcome.yielded_after is None
    assert not outcome.false_yield
    assert len(read_lane(made.done()).fresh) == 1


def test_a_yield_inside_a_pause_counts_until_speech_was_due(made):
    end = made.say(1.0, DIGITS[:5])
    made.say(end + 0.5, DIGITS[5:], new=False)
    made.hush(end + 0.1)
    made.events.append(Event(Kind.INTERRUPTION, end + 0.2, end + 1.2))
    outcome = only(made)
    assert outcome.judged
    assert outcome.yielded_after == outcome.yielded_by == pytest.approx(0.3, abs=0.02)


def test_a_yield_between_words_has_an_earliest_and_a_latest_moment(made):
    end = made.say(1.0, DIGITS[:5])
    made.say(end + 0.5, DIGITS[5:], new=False)
    made.hush(end + 0.1)
    made.events.append(Event(Kind.INTERRUPTION, end - 0.3, end + 1.2))
    outcome = only(made)
    assert outcome.yielded_after == pytest.approx(0.3, abs=0.04)
    assert outcome.yielded_by == pytest.approx(0.8, abs=0.02)


def cut_and_resume(made, skipped, *, silence=1.0, stop_at=4):
    """Cut in a word, then go on ``skipped`` words from it."""
    made.say(1.0)
    stop = inside(made, stop_at, 0.3)
    made.hush(stop)
    made.say(stop + silence, DIGITS[stop_at + skipped :], new=False)
    made.events.append(Event(Kind.FALSE_INTERRUPTION, stop - 0.3, stop + 0.2))
    return only(made)


@pytest.mark.parametrize("skipped", [-3, -1, 0, 1, 2])
@pytest.mark.parametrize("silence", [0.8, 1.6, 3.0])
def test_a_resume_is_found_and_placed_at_its_word(made, skipped, silence):
    outcome = cut_and_resume(made, skipped, silence=silence)
    assert outcome.yielded_after == pytest.approx(0.3, abs=0.05)
    assert outcome.resumed_after == pytest.approx(silence, abs=0.05)
    assert outcome.resumed_words_off == skipped
    assert outcome.went_on
    assert outcome.answered_after is None


def test_another_reply_is_no_resume(made):
    made.say(1.0)
    stop = inside(made, 4)
    made.hush(stop)
    made.say(stop + 1.0, ("nine", "two", "nine"), turn=1)
    made.events.append(Event(Kind.BACKCHANNEL, stop - 0.3, stop))
    outcome = only(made)
    assert outcome.resumed_after is None
    assert outcome.false_yield
    assert outcome.answered_after == pytest.approx(1.0, abs=0.05)


def test_a_resume_that_the_server_tells_is_no_new_reply(made):
    made.say(1.0)
    stop = inside(made, 4)
    made.hush(stop)
    made.say(stop + 1.5, DIGITS[4:])  # with an AGENT_STARTED, as some servers do
    made.server.append(ServerEvent("RESUMED", stop + 1.45, 0))
    (cut,) = read_lane(made.done()).cuts
    assert cut.resumed
    assert cut.words_off in (0, -1)  # half of the word was heard


def test_a_resume_that_is_taken_back_before_it_sounds_is_none(made):
    made.say(1.0)
    stop = inside(made, 4)
    made.hush(stop)
    for kind, after in (("BARGE_IN", 0.0), ("RESUMED", 0.4), ("BARGE_IN", 0.5)):
        made.server.append(ServerEvent(kind, stop + after, 0))
    made.say(stop + 2.5, ("nine", "two", "nine"), turn=1)
    made.events.append(Event(Kind.INTERRUPTION, stop - 0.3, stop + 1.5))
    outcome = only(made)
    assert outcome.resumed_after is None
    assert outcome.answered_after is not None


def test_a_reply_that_is_cut_after_a_word_is_a_reply(made):
    end = made.say(1.0, DIGITS[:3])
    begin = end + 1.0
    stop = made.say(begin, DIGITS[3:4], turn=1)
    made.server.append(ServerEvent("BARGE_IN", begin + 0.2, 1))
    made.hush(stop)
    assert read_lane(made.done()).fresh == pytest.approx((1.0, begin), abs=0.05)


def test_a_short_hesitation_is_no_false_yield_and_a_longer_one_is(digits):
    for silence, wrong in ((0.45, False), (0.75, True)):
        made = Made(digits)
        made.say(1.0)
        stop = inside(made, 4)
        made.hush(stop)
        made.say(stop + silence, DIGITS[4:], new=False)
        made.events.append(Event(Kind.BACKCHANNEL, stop - 0.3, stop))
        outcome = only(made)
        assert outcome.yielded_after is not None
        assert outcome.false_yield is wrong


def test_an_answer_after_the_reply_is_a_false_yield_too(made):
    end = made.say(1.0, DIGITS[:4])
    made.events.append(Event(Kind.SIDE_TALK, end - 0.8, end - 0.1))
    made.say(end + 1.2, ("nine", "two"), turn=1)
    outcome = only(made)
    assert outcome.yielded_after is None
    assert outcome.false_yield
    assert outcome.judged


def test_who_does_not_speak_cannot_yield(made):
    made.say(1.0, DIGITS[:3])
    made.events.append(Event(Kind.INTERRUPTION, 10.0, 11.0))
    assert not only(made).judged


def test_talking_on_is_no_yield(made):
    made.say(1.0)
    made.events.append(Event(Kind.INTERRUPTION, 1.5, 2.0))
    outcome = only(made)
    assert outcome.judged
    assert outcome.yielded_after is None


def test_the_reply_gap_is_from_the_callers_last_sound(made):
    end = made.caller(2.0)
    made.events.append(Event(Kind.TURN_END, 2.0, end + 0.4))  # silence at the end of the file
    made.say(end + 0.7, turn=0)
    outcome = only(made)
    assert outcome.true_end == pytest.approx(end, abs=0.03)
    assert outcome.answered_after == pytest.approx(0.7, abs=0.04)


def test_an_agent_that_talks_into_the_turn_is_early(made):
    made.caller(2.0)
    end = made.caller(3.0)
    made.events.append(Event(Kind.TURN_END, 2.0, end))
    made.say(2.8, turn=0)
    assert only(made).answered_after < 0


@pytest.mark.parametrize(("start", "found"), [(2.5, True), (3.05, True), (3.6, False)])
def test_starting_in_a_pause(made, start, found):
    made.events.append(Event(Kind.PAUSE, 2.0, 3.0))
    made.say(start)
    outcome = only(made)
    assert outcome.judged
    assert (outcome.started_after is not None) is found


def test_each_self_interruption_in_an_echo_counts(made):
    made.say(1.0)
    stop = inside(made, 4, 0.3)
    made.hush(stop)
    made.say(stop + 1.0, DIGITS[4:], new=False)
    second = made.words[-3][1] + 0.1
    made.hush(second)
    made.events.append(Event(Kind.ECHO, 1.0, 12.0))
    outcome = only(made)
    assert outcome.cuts == 2
    assert outcome.false_yield


def test_heard_words_are_those_in_the_recording(made):
    made.say(1.0)
    stop = inside(made, 4, 0.8)  # most of "five" was played
    made.hush(stop)
    made.server.append(ServerEvent("TRUNCATION", stop + 0.05, 0, "One, two, three."))
    (call,) = read_calls([made.done()])
    (text,) = call.truncated
    assert text.heard == "one two three four five"
    assert text.words_off == 2


def test_words_before_a_silence_in_the_reply_are_heard_once(made):
    made.say(1.0)
    stop = inside(made, 3, 0.2)
    made.hush(stop)
    made.say(stop + 1.0, DIGITS[3:], new=False)
    again = made.words[-4][2]  # after "seven"
    made.hush(again)
    made.server.append(ServerEvent("TRUNCATION", again, 0, "one two three four five six seven"))
    (call,) = read_calls([made.done()])
    assert call.truncated[-1].words_off == 0


def test_the_tail_is_what_sounds_after_the_servers_word(made):
    made.say(1.0)
    stop = inside(made, 4)
    made.hush(stop)
    made.server.append(ServerEvent("BARGE_IN", stop - 0.08, 0))
    (call,) = read_calls([made.done()])
    assert call.tails == (pytest.approx(0.08, abs=0.02),)


def test_without_announced_words_the_servers_word_or_the_edge_decides(made):
    made.say(1.0)
    stop = inside(made, 4)
    made.hush(stop)
    made.words.clear()
    made.server.clear()
    (cut,) = read_lane(made.done()).cuts
    assert cut.at == pytest.approx(stop, abs=0.03)


def test_silence_is_an_answer_too(made):
    lane = read_lane(made.done())
    assert (lane.spans, lane.cuts, lane.fresh) == ((), (), ())
    made.events.append(Event(Kind.BACKCHANNEL, 1.0, 2.0))
    assert not only(made).judged


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1)), max_size=20))
def test_lasting_words_are_in_order_whatever_was_announced(times):
    words = [("w", start, start + length) for start, length in times]
    kept = lanes_words.lasting(words)
    starts = [words[i][1] for i in kept]
    assert kept == sorted(kept)
    assert all(b >= a - 0.05 for a, b in pairwise(starts))
    assert not words or kept[-1] == len(words) - 1


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [("", "", 0), ("one, two", "One two.", 0), ("one two", "one", 1), ("", "a b", 2)],
)
def test_words_apart(first, second, apart):
    assert lanes_words.words_apart(first, second) == apart


def test_the_made_calls_are_speech(digits):
    assert all(0.2 < len(pcm) / RATE < 1.2 for pcm in digits.values())
