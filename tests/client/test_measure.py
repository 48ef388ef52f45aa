"""What the benches measure, on recordings whose truth is known."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.client import AgentAudio
from talkover.client.bench import measure
from talkover.client.bench.measure import Span

RATE = 16_000


def tone(seconds: float, level: float = 0.3) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (32_767 * level * np.sin(2 * np.pi * 220 * t)).astype(np.int16)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.int16)


def frames(arrivals: list[float], starts: list[int]) -> list[AgentAudio]:
    return [
        AgentAudio(at=0, received=r, pcm=silence(0.02), lane_position=0, starts_at=s)
        for r, s in zip(arrivals, starts, strict=True)
    ]


def test_level_of_a_sine_is_its_root_mean_square():
    assert measure.levels(tone(0.5), RATE) == pytest.approx(20 * np.log10(0.3 / 2**0.5), abs=0.6)
    assert (measure.levels(silence(0.1), RATE) == -120).all()


@given(
    lead=st.integers(0, 100),
    length=st.integers(2, 100),
    hole=st.integers(31, 100),
    after=st.integers(2, 100),
)
def test_edges_are_found_to_ten_milliseconds(lead, length, hole, after):
    pcm = np.concatenate(
        [silence(lead / 100), tone(length / 100), silence(hole / 100), tone(after / 100)]
    )
    first, second = measure.sound_spans(pcm, RATE)
    assert first.start == pytest.approx(lead / 100, abs=0.011)
    assert first.end == pytest.approx((lead + length) / 100, abs=0.011)
    assert second.start == pytest.approx((lead + length + hole) / 100, abs=0.011)


def test_a_short_hole_does_not_end_a_span_and_hiss_begins_none():
    hiss = np.random.default_rng(0).integers(-10, 11, RATE).astype(np.int16)  # -74 dBFS
    pcm = np.concatenate([hiss, tone(0.2), silence(0.2), tone(0.2), hiss])
    (span,) = measure.sound_spans(pcm, RATE)
    assert (span.start, span.end) == (pytest.approx(1.0), pytest.approx(1.6))
    assert measure.sound_spans(hiss, RATE) == []
    assert measure.sound_spans(silence(0), RATE) == []


def test_the_gap_is_from_the_callers_last_sound_to_the_agents_next():
    caller, agent = [Span(0.5, 1.0), Span(1.4, 2.0)], [Span(3.1, 4.0), Span(5.0, 6.0)]
    answer = measure.exchange(caller, agent, Span(0.3, 2.3))
    assert answer is not None
    assert answer.caller_end == 2.0
    assert answer.gap == pytest.approx(1.1)
    assert not answer.interrupted


def test_an_agent_who_starts_too_early_interrupts_and_that_is_not_its_answer():
    answer = measure.exchange([Span(0.5, 2.0)], [Span(1.5, 2.5), Span(3.0, 4.0)], Span(0.3, 2.3))
    assert answer is not None
    assert answer.interrupted
    assert answer.gap == pytest.approx(1.0)


def test_no_answer_and_no_caller():
    silent = measure.exchange([Span(0.5, 1.0)], [], Span(0.3, 1.2))
    assert silent is not None
    assert silent.gap is None
    assert measure.exchange([], [Span(1, 2)], Span(0.3, 1.2)) is None


def test_lateness_is_against_a_grid_for_each_unbroken_stretch():
    arrivals = [1.0, 1.020, 1.047, 1.060, 9.5, 9.52]
    starts = [0, 320, 640, 960, 99_000, 99_320]
    late = measure.playout_lateness(frames(arrivals, starts))
    assert late == pytest.approx([0, 0, 0.007, 0, 0, 0], abs=1e-9)


def test_a_late_first_frame_does_not_hide_the_others():
    late = measure.playout_lateness(frames([1.008, 1.020, 1.040], [0, 320, 640]))
    assert late == pytest.approx([0.008, 0, 0], abs=1e-9)


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=50), st.randoms())
def test_lateness_is_never_negative_and_something_is_on_time(jitter, rng):
    arrivals = [0.02 * i + j for i, j in enumerate(jitter)]
    late = measure.playout_lateness(frames(arrivals, [320 * i for i in range(len(jitter))]))
    assert len(late) == len(jitter)
    assert min(late) == 0


def test_a_voice_is_a_voice_and_a_tone_is_none():
    folder = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
    path = folder / "agent-pass.wav"
    if not path.exists():
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    from talkover.core.audio import read_wav

    pcm = read_wav(path, rate=8_000)
    seconds = measure.voice_seconds(pcm, 8_000)
    assert seconds > 0.6 * len(pcm) / 8_000
    (voice, *_), (sound, *_) = measure.voiced_spans(pcm, 8_000), measure.sound_spans(pcm, 8_000)
    assert voice.start == pytest.approx(sound.start, abs=0.15)
    assert measure.voice_seconds(tone(2), RATE) < 0.3
