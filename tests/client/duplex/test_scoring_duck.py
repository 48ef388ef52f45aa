"""The duck finder, on a real voice with ducks put into it at known moments."""

import numpy as np
import pytest
import soxr

from talkover.client.bench.duplex.lanes import read_lane
from talkover.client.bench.duplex.lanes_duck import Ducked, DuckFinder, bands, judge, warp
from talkover.client.bench.duplex.types import CallRecording, Event, Kind

RATE = 16_000
RAMP = 0.020
SIX_DECIBELS = RAMP * 2 / 3  # into a straight ramp to a quarter, the amplitude is half
TEXTS = (
    "The old lighthouse stood at the end of the long stone pier, and its keeper climbed up.",
    "He lit the lamp, wound the clockwork, and wrote down the weather in a small green book.",
    "A fishing boat was still out there, somewhere, with three brothers on board.",
    "The keeper rang the bell, and the people came down to the harbour with ropes and lanterns.",
)


@pytest.fixture(scope="module")
def renditions(bundle):
    """Three renditions of the texts, no two of which sound the same."""
    from talkover.core.voice import VoiceRuntime

    voice = VoiceRuntime(bundle / "voice")
    found = []
    for seed in range(3):
        pieces, words, at = [], [], 0
        for number, text in enumerate(TEXTS):
            clause = voice.synthesise(text, seed=10 * seed + number)
            pcm = soxr.resample(clause.pcm.astype(np.float32), voice.rate, RATE)
            words += [
                (w.text, at / RATE + w.start / voice.rate, at / RATE + w.end / voice.rate)
                for w in clause.words
            ]
            pieces.append(np.clip(np.rint(pcm), -32_768, 32_767).astype(np.int16))
            at += len(pcm)
        found.append((np.concatenate(pieces), tuple(words)))
    return found


def call(name, pcm, words, events=()):
    quiet = np.zeros_like(pcm)
    return CallRecording(
        name, "x", "dev", "grpc", RATE, quiet, quiet, pcm, tuple(events), (), words
    )


def ducked(pcm, start, length, depth=0.25):
    moments = np.array([0, start, start + RAMP, start + length, start + length + RAMP, 1e3])
    gain = np.interp(np.arange(len(pcm)) / RATE, moments, [1, 1, depth, depth, 1, 1])
    return np.rint(pcm * gain).astype(np.int16)


def trial(renditions, rng, *, share, depth=0.25):
    """Duck one rendition here and there: for each event the truth (None: no duck), the answer."""
    pcm, words = renditions[0]
    events, truth = [], []
    at = 1.5
    while at < len(pcm) / RATE - 1.5:
        delay = float(rng.uniform(0.04, 0.5))
        there = rng.random() < share
        if there:
            pcm = ducked(pcm, at + delay, float(rng.uniform(0.25, 0.8)), depth)
        events.append(Event(Kind.BACKCHANNEL, at, at + 0.4))
        truth.append(delay + SIX_DECIBELS if there else None)
        at += float(rng.uniform(1.7, 2.2))
    calls = [call("a", pcm, words, events)]
    calls += [call(f"r{i}", *rendition) for i, rendition in enumerate(renditions[1:])]
    lanes = [read_lane(c) for c in calls]
    finder = DuckFinder(list(zip(calls, lanes, strict=True)))
    return [
        (true, finder.find(calls[0], event.start, event.start + 1.0))
        for event, true in zip(events, truth, strict=True)
        if lanes[0].sounds_at(event.start)
    ]


@pytest.mark.bundle
@pytest.mark.slow
def test_ducks_are_placed_to_thirty_milliseconds(renditions):
    rng = np.random.default_rng(0)
    answers = [answer for _ in range(20) for answer in trial(renditions, rng, share=0.7)]
    real = [(true, duck) for true, duck in answers if true is not None]
    none = [duck for true, duck in answers if true is None]
    errors = np.array([duck.after - true for true, duck in real if duck.after is not None])
    placed = len(errors) / len(real)
    within = np.mean(np.abs(errors) <= 0.030)
    wrong = np.mean([duck.ducked is Ducked.YES for duck in none])
    print(
        f"{len(real)} ducks: {placed:.0%} placed, of these {within:.1%} within 30 ms, "
        f"median error {1e3 * np.median(errors):+.1f} ms; "
        f"missed {np.mean([d.ducked is Ducked.NO for _, d in real]):.1%}; "
        f"{len(none)} without a duck: {wrong:.1%} taken for one"
    )
    assert len(real) >= 40
    assert placed > 0.4
    assert within >= 0.9
    assert abs(np.median(errors)) < 0.010
    assert np.mean([duck.ducked is Ducked.NO for _, duck in real]) < 0.05
    assert wrong <= 0.05


@pytest.mark.bundle
@pytest.mark.slow
def test_a_duck_before_a_stop_is_found(renditions):
    pcm, words = renditions[0]
    errors = []
    for stop in np.arange(2.0, 12.0, 0.45):
        cut = ducked(pcm, stop - 0.25, 9.0)
        cut[round(stop * RATE) :] = 0
        calls = [call("a", cut, words, [Event(Kind.INTERRUPTION, stop - 0.35, stop + 1.0)])]
        calls += [call(f"r{i}", *rendition) for i, rendition in enumerate(renditions[1:])]
        finder = DuckFinder([(c, read_lane(c)) for c in calls])
        duck = finder.find(calls[0], stop - 0.35, stop)
        if duck.after is not None:
            errors.append(duck.after - 0.1 - SIX_DECIBELS)
    print(f"{len(errors)} of {len(np.arange(2.0, 12.0, 0.45))} placed: {np.round(errors, 3)}")
    assert len(errors) >= 8
    assert np.mean(np.abs(errors) <= 0.030) >= 0.9


@pytest.mark.bundle
@pytest.mark.slow
def test_without_another_rendition_nothing_is_claimed(renditions):
    pcm, words = renditions[0]
    alone = call("a", ducked(pcm, 2.0, 0.5), words, [Event(Kind.BACKCHANNEL, 1.8, 2.0)])
    finder = DuckFinder([(alone, read_lane(alone))])
    assert finder.find(alone, 1.8, 2.8).ducked is Ducked.UNDECIDED


def test_a_step_in_the_gain_is_found_and_a_dip_of_one_frame_is_not():
    gain = np.random.default_rng(0).normal(0, 2, 130)
    assert judge(gain, 0.3).ducked is Ducked.NO
    gain[60] = -30
    assert judge(gain, 0.3).ducked is Ducked.NO
    gain[52:90] -= 12
    duck = judge(gain, 0.3)
    assert duck.ducked is Ducked.YES
    assert duck.after == pytest.approx(0.22, abs=0.02)
    assert duck.depth == -12


def test_a_duck_in_a_pause_has_no_moment():
    gain = np.zeros(130)
    gain[70:] = -12
    gain[50:75] = np.nan
    duck = judge(gain, 0.3)
    assert (duck.ducked, duck.after) == (Ducked.YES, None)


def test_what_cannot_be_seen_is_undecided():
    assert judge(np.full(130, np.nan), 0.3).ducked is Ducked.UNDECIDED
    assert judge(np.zeros(20), 0.3).ducked is Ducked.UNDECIDED


def test_a_warp_follows_the_shapes_whatever_the_level(prompts):
    from talkover.core.audio import read_wav

    pcm = read_wav(next(p for p in prompts if p.name == "vm-goodbye").path, rate=RATE)
    frames = bands(pcm, RATE)
    late = np.pad(frames, ((4, 0), (0, 0)), mode="edge")
    path = warp(np.maximum(frames - 12, -70), late, np.arange(len(frames), dtype=np.float64))
    loud = frames.max(axis=1) > -35
    assert np.mean(np.abs(np.array(path) - np.arange(len(frames)) - 4)[loud] <= 1) > 0.9
