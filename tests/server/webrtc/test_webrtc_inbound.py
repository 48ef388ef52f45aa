import time

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.audio.opus import OpusDecoder, OpusEncoder
from talkover.server.transports.webrtc.inbound import RATE, Inbound

from .lossy import LossyLink, run, stream

FRAME = RATE // 50
NO_OPUS = bytes([19 << 3 | 1]) + bytes(3)  # two equal frames in three bytes


@pytest.fixture(scope="module")
def packets(prompts):
    """About 30 s of a real person, as Opus packets of 20 ms."""
    parts, total = [], 0
    for prompt in prompts:
        if prompt.seconds < 3:
            continue
        audio, rate = soundfile.read(prompt.path)
        parts.append(soxr.resample(audio, rate, RATE))
        total += len(parts[-1])
        if total > 30 * RATE:
            break
    speech = np.concatenate(parts)[: total // FRAME * FRAME]
    pcm = np.rint(speech * 32_767).clip(-32_768, 32_767).astype(np.int16)
    with OpusEncoder() as encoder:
        return [encoder.encode(frame) for frame in pcm.reshape(-1, FRAME)]


@pytest.fixture(scope="module")
def intact(packets):
    with OpusDecoder() as decoder:
        return np.concatenate([decoder.decode(packet) for packet in packets])


def heard(inbound, arrivals):
    pieces = [piece for _, piece in run(inbound, arrivals)]
    assert all(piece.dtype == np.int16 and len(piece) for piece in pieces)
    return np.concatenate([np.zeros(0, np.int16), *pieces])


def error(got, wanted):
    """Energy of the difference, relative."""
    wanted = wanted.astype(float)
    return float(np.sum((got - wanted) ** 2) / np.sum(wanted**2))


def sent(packets, **where):
    return stream(packets, sequence=65_500, timestamp=2**32 - 40_000, **where)


def test_without_loss_it_is_the_decoder(packets, intact):
    inbound = Inbound()
    assert np.array_equal(heard(inbound, [(p.at, p) for p in sent(packets)]), intact)
    assert inbound.stats.concealed == 0


def test_reordering_alone_changes_no_sample(packets, intact):
    arrivals, _ = LossyLink(3, jitter=0.035, duplicate=0.1).send(sent(packets))
    assert [p for _, p in arrivals] != sorted((p for _, p in arrivals), key=lambda p: p.at)
    assert np.array_equal(heard(Inbound(), arrivals), intact)


NETWORKS = {
    "1 %": {"loss": 0.01, "jitter": 0.05},
    "5 %": {"loss": 0.05, "jitter": 0.05},
    "10 %": {"loss": 0.10, "jitter": 0.02},
    "10 % in bursts of 3": {"loss": 0.1, "burst": 3, "jitter": 0.03, "duplicate": 0.05},
    "20 % in bursts of 20": {"loss": 0.2, "burst": 20},
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_the_length_is_kept_to_the_sample_and_most_is_mended(packets, intact, network):
    arrivals, lost = LossyLink(11, **network).send(sent(packets))
    inbound = Inbound()
    got = heard(inbound, arrivals)
    assert len(got) == len(intact)
    gap = np.zeros(len(intact), bool)
    for index in lost:
        gap[index * FRAME : (index + 1) * FRAME] = True
    silent = np.where(gap, 0, intact)
    stats, buffer = inbound.stats, inbound.buffer.stats
    assert stats.decoded == len(packets) - buffer.lost
    assert stats.recovered * FRAME + stats.concealed == buffer.lost * FRAME
    if network.get("burst", 1) == 1 and len(lost) > 50:
        assert stats.recovered > 0.7 * len(lost)
        assert error(got, intact) < 0.6 * error(silent, intact)


def loudest(packets, intact):
    """Index of a frame in the middle of speech."""
    power = np.sum(intact.reshape(-1, FRAME).astype(float) ** 2, axis=1)
    return int(np.argmax(power[50 : len(packets) - 100])) + 50


def test_a_guess_is_kept_for_100_ms_then_fades_and_speech_comes_back(packets, intact):
    at = loudest(packets, intact)
    arrivals = [(p.at, p) for i, p in enumerate(sent(packets)) if not at < i <= at + 10]
    got = heard(Inbound(), arrivals)
    hole = got[(at + 1) * FRAME : (at + 10) * FRAME]  # the tenth may come from FEC

    decoder = OpusDecoder()
    for packet in packets[: at + 1]:
        decoder.decode(packet)
    plain = np.concatenate([decoder.conceal(FRAME) for _ in range(7)])
    gain = np.concatenate([np.ones(5 * FRAME), 1 - np.arange(2 * FRAME) / (2 * FRAME)])
    assert plain[5 * FRAME :].any()
    assert np.array_equal(hole[: 7 * FRAME], np.rint(plain * gain).astype(np.int16))
    assert not hole[7 * FRAME :].any()
    after = (at + 40) * FRAME
    assert error(got[after:], intact[after:]) < 0.01


def test_each_hole_may_be_guessed_for_100_ms(packets, intact):
    at = loudest(packets, intact)
    spoilt = list(packets)
    for index in (*range(at + 1, at + 6), *range(at + 8, at + 13)):
        spoilt[index] = NO_OPUS  # so that no FEC steps in
    got = heard(Inbound(), [(p.at, p) for p in sent(spoilt)])
    for hole in (at + 1, at + 8):
        for frame in range(hole, hole + 5):
            assert got[frame * FRAME : (frame + 1) * FRAME].any()


def test_packets_that_overlap_do_not_stretch_time(packets):
    longer = [bytes([p[0] | 3, 3, *p[1:], *p[1:], *p[1:]]) for p in packets[:40]]
    got = heard(Inbound(), [(p.at, p) for p in stream(longer)])  # 60 ms each, every 20 ms
    assert len(got) == 42 * FRAME


@pytest.mark.parametrize("seconds", [0.24, 3.0, 12.0])
def test_a_long_hole_is_silence_of_its_length(packets, seconds):
    lost = round(seconds * 50)
    packets = (packets * 2)[: 100 + lost + 50]
    arrivals = [(p.at, p) for i, p in enumerate(sent(packets)) if not 100 <= i < 100 + lost]
    got = heard(Inbound(), arrivals)
    assert len(got) == len(packets) * FRAME
    assert not got[100 * FRAME : (100 + lost) * FRAME].any()


def test_packets_of_60_ms_are_mended_whole(packets):
    longer = [bytes([p[0] | 3, 3, *p[1:], *p[1:], *p[1:]]) for p in packets[:60]]
    # Three equal frames in one packet (code 3, constant bit rate), as some senders make them.
    arrivals = [(p.at, p) for i, p in enumerate(stream(longer, step=2_880)) if i % 7 != 5]
    assert len(heard(Inbound(), arrivals)) == 60 * 3 * FRAME


def test_what_cannot_be_decoded_is_made_up_and_counted(packets):
    spoilt = list(packets[:200])
    spoilt[50] = NO_OPUS
    spoilt[80] = bytes(9_000)
    spoilt[90] = b""
    inbound = Inbound()
    assert len(heard(inbound, [(p.at, p) for p in sent(spoilt)])) == 200 * FRAME
    assert inbound.stats.undecodable == 2
    assert inbound.buffer.stats.empty == 1


def test_halves_of_a_sample_do_not_add_up(packets):
    arrivals = [
        (p.at, p) for p in stream(packets[:500], timestamp=1, step=961)
    ]  # a pause of one tick after each
    got = heard(Inbound(), arrivals)
    assert abs(len(got) - (499 * 961 + 960) / 2) <= 1


junk = st.tuples(
    st.one_of(st.integers(0, 65_535), st.integers(0, 40)),
    st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 40_000)),
    st.one_of(st.none(), st.binary(max_size=80)),
    st.floats(0, 0.1),
)


@given(st.lists(junk, max_size=40))
@settings(max_examples=150)
def test_junk_raises_nothing_and_time_adds_up(packets, junk):
    inbound, now, samples = Inbound(), 0.0, 0
    for number, (sequence, timestamp, payload, step) in enumerate(junk):
        now += step
        inbound.push(sequence, timestamp, packets[number] if payload is None else payload, now)
        samples += sum(map(len, inbound.pop(now)))
        assert inbound.deadline() is None or inbound.deadline() > now
    samples += sum(map(len, inbound.pop(now + 1)))
    inbound.close()
    # Nothing but pauses of at most 5 s, long losses and packets of at most 120 ms.
    assert samples <= len(junk) * (5.12 + 0.12 * 1_000) * RATE


def test_what_a_packet_costs(packets):
    arrivals, _ = LossyLink(1, loss=0.05, jitter=0.03).send(sent(packets))
    inbound = Inbound()
    began = time.perf_counter()
    heard(inbound, arrivals)
    cost = (time.perf_counter() - began) / len(arrivals)
    assert cost < 0.002  # a tenth of real time, on a busy machine
