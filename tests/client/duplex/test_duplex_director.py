"""Scripts as they are played, against agents that are made up."""

import numpy as np
import pytest

from talkover.client.bench.duplex.clips import Clip
from talkover.client.bench.duplex.director import GO_ON, Director
from talkover.client.bench.duplex.room import EchoPath, air
from talkover.client.bench.duplex.script import (
    AfterReply,
    At,
    CallPlan,
    EchoOf,
    Mark,
    OverAgent,
    Piece,
    Step,
    in_a_row,
    said,
)
from talkover.client.bench.duplex.types import Kind
from talkover.core.clock import FRAME, RATE


def tone(seconds, level=4_000):
    return Clip(np.full(round(seconds * RATE), level, np.int16), "said", "tone")


def plan(*steps, **fields):
    given = {"air": -120.0, "tail": 1.0, "limit": 60.0, **fields}
    return CallPlan("t/dev/000", "t", "dev", "long", 0, ("en",), tuple(steps), **given)


OPENING = Step(At(0.6), (Piece(tone(1.0)),), (said(tone(1.0), Kind.TURN_END, "opening"),), rest=1)


class Agent:
    """Answers a second after the caller's last sound, or a typed turn, for some seconds."""

    def __init__(self, seconds=10.0, *, stops=False):
        self.seconds, self.stops = seconds, stops
        self.quiet, self.left, self.owed = 0, 0, False

    def hear(self, spoken):
        """A frame of the caller; whether a reply begins."""
        voiced = bool(np.abs(spoken.near).max() > 100)
        if voiced and self.stops:
            self.left = 0
        self.owed |= (voiced and not self.left) or spoken.typed is not None
        self.quiet = 0 if voiced else self.quiet + 1
        if self.owed and self.quiet >= 50 and not self.left:
            self.owed, self.left = False, round(self.seconds * 50)
            return True
        return False

    def play(self):
        self.left = max(self.left - 1, 0)
        return np.full(FRAME, 2_000 if self.left else 0, np.int16)


def play(script, agent):
    director = Director(script)
    lanes, typed = [], []
    while True:
        played = agent.play()
        director.hear(played)
        spoken = director.frame()
        if spoken is None:
            break
        lanes.append((spoken.sent, spoken.near, played))
        typed += [(len(lanes) * FRAME / RATE, spoken.typed)] if spoken.typed else []
        if agent.hear(spoken):
            director.reply_begins()
    sent, near, heard = (np.concatenate(lane) for lane in zip(*lanes, strict=True))
    return director.events, sent, near, heard, typed


def test_events_are_exact_to_the_sample():
    clip, late = tone(0.31), tone(0.2, 3_000)
    row = in_a_row(clip, 0.3371, late)
    mark = Mark(Kind.PAUSE, row[0].end, row[1].at)
    step = Step(AfterReply(0.5), row, (mark,))
    events, _, near, _, _ = play(plan(OPENING, step), Agent(2.0))
    pause = next(event for event in events if event.kind is Kind.PAUSE)
    first, last = round(pause.start * RATE), round(pause.end * RATE)
    assert pause.start * RATE == first  # a sample, not something between two
    assert near[first - 1] == 4_000
    assert not near[first:last].any()
    assert near[last] == 3_000
    assert last - first == round(0.3371 * RATE)


def test_sounds_over_the_agent_wait_for_it():
    clip = tone(0.4)
    step = Step(OverAgent(1.5), (Piece(clip, own=False),), (said(clip, Kind.NOISE),))
    events, sent, near, heard, _ = play(plan(OPENING, step, step), Agent(10.0))
    noises = [event for event in events if event.kind is Kind.NOISE]
    assert len(noises) == 2
    assert all(event.counts for event in noises)
    began = np.flatnonzero(heard)[0] / RATE
    assert 1.4 <= noises[0].start - began <= 1.6
    assert noises[1].start - noises[0].end >= step.rest - 1e-9
    at = round(noises[0].start * RATE)
    assert sent[at] == 4_000
    assert sent[at - 1] == 0
    assert not near[at : at + 100].any()  # not the caller's own voice


def test_an_agent_that_has_finished_is_asked_to_go_on_but_not_too_soon():
    clip = tone(0.4)
    step = Step(OverAgent(1.5), (Piece(clip, own=False),), (said(clip, Kind.TIC),))
    events, _, _, heard, typed = play(plan(OPENING, *[step] * 4), Agent(5.0))
    assert [what for _, what in typed] == [GO_ON] * len(typed)
    assert typed
    tics = [event for event in events if event.kind is Kind.TIC]
    assert len(tics) == 4
    assert all(heard[round(e.start * RATE) - FRAME] for e in tics)
    for moment, _ in typed:
        before = [event.end for event in tics if event.end < moment]
        assert not before or moment - before[-1] >= step.rest - 1e-9


def test_an_agent_that_never_speaks_makes_events_that_do_not_count():
    clip = tone(0.4)
    step = Step(OverAgent(1.5), (Piece(clip),), (said(clip, Kind.INTERRUPTION),))
    events, _, _, _, typed = play(plan(OPENING, step), Agent(0.0))
    assert [e.counts for e in events] == [True, False]
    assert len(typed) >= 3


def test_turns_follow_answers_and_go_on_without_them():
    step = Step(AfterReply(0.5), (Piece(tone(0.5)),), (said(tone(0.5), Kind.TURN_END),))
    events, _, _, heard, _ = play(plan(OPENING, step), Agent(2.0))
    end = np.flatnonzero(heard[: round(events[1].start * RATE)])[-1] / RATE
    assert 0.48 <= events[1].start - end <= 0.54
    events, *_ = play(plan(OPENING, step), Agent(0.0))
    assert 8.0 <= events[1].start - events[0].end <= 8.1


def test_listening_goes_on_until_enough_was_heard():
    mark = Mark(Kind.ECHO, 0, 0, snr=-12.0)
    step = Step(OverAgent(0.1, 99), (), (mark,), listen=12.0)
    events, _, _, heard, typed = play(plan(OPENING, step), Agent(5.0))
    echo = next(event for event in events if event.kind is Kind.ECHO)
    inside = heard[round(echo.start * RATE) : round(echo.end * RATE)]
    assert np.count_nonzero(inside) / RATE == pytest.approx(12.0, abs=0.05)
    assert len(typed) >= 2  # replies of five seconds: it is asked for more


def test_a_loudspeaker_comes_back_in_the_same_recording():
    echo = EchoOf(delay=0.1, gain=-20.0, reverberation=0.1, seed=1)
    _, sent, near, heard, _ = play(plan(OPENING, echo=echo, tail=6.0), Agent(2.0))
    began = np.flatnonzero(heard)[0]
    came = np.flatnonzero(np.abs(sent - near) > 50)[0]
    assert 0.098 <= (came - began) / RATE <= 0.102
    assert not (sent - near)[:began].any()


@pytest.mark.parametrize("delay", [0.0003, 0.008, 0.0601, 0.25])
@pytest.mark.parametrize("gain", [-6.0, -30.0])
def test_an_echo_has_its_delay_and_its_loss(delay, gain):
    dice = np.random.default_rng(0)
    far = dice.normal(0, 6_000, RATE * 2).astype(np.int16)
    path = EchoPath(delay, gain, reverberation=0.15, seed=2)
    back = np.concatenate([path.pass_frame(frame) for frame in far.reshape(-1, FRAME)])
    size = 1 << 17
    spectrum = np.fft.rfft(back, size) * np.conj(np.fft.rfft(far, size))
    lags = np.fft.irfft(spectrum, size)
    place = int(np.argmax(lags[:8_000]))
    assert abs(place - delay * RATE) <= 0.6
    # Direct sound and a tail 6 dB under it: 1 dB more than the direct sound alone.
    power = 10 * np.log10(np.square(back[8_000:]).mean() / np.square(far[8_000:] * 1.0).mean())
    assert power == pytest.approx(gain + 0.97, abs=0.7)


def test_the_air_has_its_level():
    sound = air(-62.0, seed=1) / 32_768
    assert 10 * np.log10(np.square(sound).mean()) == pytest.approx(-62.0, abs=0.3)
    assert not np.array_equal(air(-62.0, seed=1), air(-62.0, seed=2))
