import itertools
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.server.transports.webrtc.jitter import (
    MAX_HELD,
    MAX_PATIENCE,
    MIN_PATIENCE,
    Arrived,
    JitterBuffer,
    Missing,
)

from .lossy import LossyLink, run, stream

FRAME = 960
SECOND = 48_000


def numbered(count, **where):
    return stream([f"{i}".encode() for i in range(count)], **where)


def items(buffer, arrivals):
    return [item for _, item in run(buffer, arrivals)]


def payloads(out):
    return [int(item.payload) for item in out if isinstance(item, Arrived)]


def assert_gapless(out):
    """Every item begins where the one before it ended."""
    for before, after in itertools.pairwise(out):
        assert after.timestamp == before.timestamp + before.duration
    assert all(item.duration > 0 for item in out)


fates = st.lists(
    st.tuples(
        st.sampled_from(["come", "come", "come", "lost", "twice"]),
        st.floats(0, 0.0399),  # less than a frame and the least patience: always in time
        st.floats(0, 0.3),
    ),
    max_size=60,
)
sequences = st.one_of(st.integers(0, 65_535), st.integers(65_500, 65_535))
timestamps = st.one_of(st.integers(0, 2**32 - 1), st.integers(2**32 - 20_000, 2**32 - 1))


@given(fates=fates, sequence=sequences, timestamp=timestamps)
@settings(max_examples=300)
def test_whatever_comes_within_patience_comes_out_in_order_once(fates, sequence, timestamp):
    packets = numbered(len(fates) + 1, sequence=sequence, timestamp=timestamp)
    arrivals, expected = [(0.0, 0, packets[0])], [0]
    for index, (fate, delay, again) in enumerate(fates, 1):
        if fate == "lost":
            continue
        expected.append(index)
        arrivals.append((packets[index].at + delay, index, packets[index]))
        if fate == "twice":
            arrivals.append((packets[index].at + delay + again, index, packets[index]))
    arrivals.sort(key=lambda arrival: arrival[:2])
    buffer = JitterBuffer()
    out = items(buffer, [(at, packet) for at, _, packet in arrivals])

    assert payloads(out) == expected
    assert_gapless(out)
    assert sum(item.duration for item in out) == (expected[-1] + 1) * FRAME
    for item in out:
        if isinstance(item, Arrived):
            index = int(item.payload)
            assert item.timestamp == timestamp + index * FRAME
            assert item.sequence == sequence + index
    assert buffer.held == 0
    stats = buffer.stats
    assert stats.lost == expected[-1] + 1 - len(expected)
    assert stats.received == len(arrivals)
    assert stats.duplicate == len(arrivals) - len(expected)
    assert (stats.late, stats.resyncs) == (0, 0)


def test_in_order_leaves_at_once():
    for at, item in run(JitterBuffer(), [(p.at + 3.0, p) for p in numbered(100)]):
        assert at == pytest.approx(3.0 + int(item.payload) * 0.02)


def test_a_lost_packet_is_told_with_the_next_one_for_its_fec():
    packets = numbered(6)
    out = items(JitterBuffer(), [(p.at, p) for p in packets if p.payload not in {b"2", b"3"}])
    assert out[2:5] == [
        Missing(2 * FRAME, FRAME, None),
        Missing(3 * FRAME, FRAME, b"4"),
        Arrived(b"4", 4 * FRAME, 4, FRAME),
    ]


@pytest.mark.parametrize("step", [120, 480, 960, 1_920, 2_880, 5_760])
def test_packets_of_other_lengths_are_made_up_to_the_tick(step):
    packets = numbered(8, step=step)
    buffer = JitterBuffer(duration=lambda _: step)
    out = items(buffer, [(p.at, p) for p in packets if p.payload != b"3"])
    missing = [item for item in out if isinstance(item, Missing)]
    assert missing == [Missing(3 * step, step, b"4")]  # whole: FEC holds all of it
    assert_gapless(out)


def test_a_hole_is_waited_for_and_no_longer():
    buffer, packets = JitterBuffer(), numbered(3)
    for at, index in ((0.0, 0), (0.04, 2)):
        packet = packets[index]
        buffer.push(packet.sequence, packet.timestamp, packet.payload, at)
        assert len(buffer.pop(at)) == 1 - index // 2
    assert buffer.deadline() == 0.04 + MIN_PATIENCE
    assert buffer.pop(0.059) == []
    assert len(buffer.pop(buffer.deadline())) == 2
    assert buffer.deadline() is None


def test_a_long_hole_is_one_piece():
    for lost, pieces in ((10, 10), (11, 1), (400, 1)):
        packets = numbered(lost + 2)
        buffer = JitterBuffer()
        out = items(buffer, [(packets[0].at, packets[0]), (packets[-1].at, packets[-1])])
        assert len(out) == pieces + 2
        assert out[-2].next_payload == (packets[-1].payload if pieces > 1 else None)
        assert_gapless(out)
        assert buffer.stats.lost == lost


@pytest.mark.parametrize("pause", [FRAME, SECOND, 5 * SECOND])
def test_a_pause_of_the_sender_is_told_at_once(pause):
    first = numbered(3, sequence=65_534)
    after = numbered(3, sequence=1, timestamp=3 * FRAME + pause, start=9.0)
    out = items(JitterBuffer(), [(p.at, p) for p in first + after])
    assert out[3] == Missing(3 * FRAME, pause, None)
    assert_gapless(out)
    assert len(out) == 7


@pytest.mark.parametrize(
    ("sequence", "timestamp", "resyncs"),
    [
        (3, 3 * FRAME + 5 * SECOND + 1, 1),  # too long for a pause
        (3, 2**31, 1),
        (3, 2**32 - 5 * SECOND, 1),  # backwards
        (1_004, 3 * FRAME, 1),
        (1_005, 7_777_777, 1),
        (65_536 - 998, 7_777_777, 1),
        (65_535, 7_777_777, 1),  # could be late, but for its time
        (30_000, 0, 1),
    ],
)
def test_a_sender_that_starts_anew_is_followed_at_once(sequence, timestamp, resyncs):
    buffer = JitterBuffer()
    again = numbered(20, sequence=sequence, timestamp=timestamp, start=0.06)
    out = list(run(buffer, [(p.at, p) for p in numbered(3) + again]))
    assert payloads([item for _, item in out]) == [0, 1, 2, *range(20)]
    assert_gapless([item for _, item in out])
    assert all(at == pytest.approx(i * 0.02) for i, (at, _) in enumerate(out))
    assert buffer.stats.resyncs == resyncs
    assert buffer.stats.lost == 0


def test_what_waits_when_the_sender_starts_anew_comes_first():
    old, new = numbered(4), numbered(2, sequence=40_000, timestamp=99, start=0.09)
    arrivals = [(p.at, p) for p in [old[0], old[2], old[3], *new]]
    buffer = JitterBuffer()
    buffer.patience = MAX_PATIENCE  # until something is learnt
    out = items(buffer, arrivals)
    assert payloads(out) == [0, 2, 3, 0, 1]
    assert_gapless(out)
    assert buffer.stats.resyncs == 1


def test_empty_payloads_are_lost_and_nobody_waits_for_them():
    packets = stream([b"0", b"1", b"", b"3"])
    out = list(run(JitterBuffer(), [(p.at, p) for p in packets]))
    assert [item for _, item in out][2] == Missing(2 * FRAME, FRAME, b"3")
    assert out[-1][0] == packets[-1].at


def test_sequence_numbers_without_time_are_no_hole():
    first, second = numbered(2), numbered(2, sequence=5, timestamp=2 * FRAME, start=0.04)
    out = items(JitterBuffer(), [(p.at, p) for p in first + second])
    assert [type(item) for item in out] == [Arrived] * 4


def test_a_pause_after_a_loss_is_no_loss():
    packets = numbered(4) + numbered(1, sequence=4, timestamp=5 * FRAME, start=0.1)
    out = items(JitterBuffer(), [(p.at, p) for p in packets if p.sequence != 1])
    assert out[-2] == Missing(4 * FRAME, FRAME, None)


def test_packets_longer_than_their_step_do_not_stretch_time():
    packets = numbered(50, step=FRAME)
    buffer = JitterBuffer(duration=lambda _: 3 * FRAME)
    out = items(buffer, [(p.at, p) for p in packets])
    assert_gapless(out)
    assert sum(item.duration for item in out) == 52 * FRAME
    assert buffer.stats.resyncs == 0


def test_late_packets_raise_patience_and_it_comes_back():
    buffer = JitterBuffer()
    packets = numbered(1_000)
    arrivals = [(p.at + (0.09 if p.sequence in (100, 103) else 0), p) for p in packets]
    arrivals.sort(key=lambda arrival: arrival[0])
    levels = {}
    for _, item in run(buffer, arrivals):
        levels[item.timestamp // FRAME] = buffer.patience
    assert buffer.stats.late == 1  # the first taught what the second needed
    assert buffer.stats.reordered == 1
    assert levels[110] == pytest.approx(0.075, abs=0.005)  # 90 ms behind, seen 20 ms later
    assert levels[300] == levels[110]
    assert buffer.patience == MIN_PATIENCE


def test_a_packet_beyond_all_patience_teaches_nothing():
    buffer, packets = JitterBuffer(), numbered(30)
    late = [(p.at + (0.3 if p.sequence == 5 else 0), p) for p in packets]
    list(run(buffer, sorted(late, key=lambda arrival: arrival[0])))
    assert buffer.stats.late == 1
    assert buffer.patience == MIN_PATIENCE


def test_patience_never_latches():
    rng = random.Random(4)
    buffer = JitterBuffer()
    wild = numbered(500)
    calm = numbered(550, sequence=500, timestamp=500 * FRAME, start=10.1)
    arrivals = sorted(((p.at + rng.uniform(0, 0.3), p) for p in wild), key=lambda a: a[0])
    list(run(buffer, arrivals))
    assert buffer.patience == pytest.approx(MAX_PATIENCE, abs=0.01)
    seen = [buffer.patience for _ in run(buffer, [(p.at, p) for p in calm])]
    assert seen[0] > MIN_PATIENCE
    assert buffer.patience == MIN_PATIENCE


actions = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 65_535), st.integers(0, 60), st.sampled_from([65_535, 1_000])),
        st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 60).map(lambda n: n * FRAME)),
        st.sampled_from([b"", b"x", b"longer"]),
        st.floats(0, 0.5),
        st.booleans(),
    ),
    max_size=120,
)


@given(actions, st.sampled_from([FRAME, 120, 5_760]))
@settings(max_examples=400)
def test_random_input_is_bounded_and_never_held_longer_than_patience(actions, duration):
    buffer, now, out = JitterBuffer(duration=lambda _: duration), 0.0, []
    for sequence, timestamp, payload, step, relative in actions:
        while (due := buffer.deadline()) is not None and due <= now + step:
            out += buffer.pop(due)
        now += step if relative else step / 100
        buffer.push(sequence, timestamp, payload, now)
        assert buffer.held <= MAX_HELD
        out += buffer.pop(now)
        due = buffer.deadline()
        assert due is None or now < due <= now + MAX_PATIENCE
        assert len(buffer._given_up) <= 256
    out += buffer.pop(now + MAX_PATIENCE)
    assert buffer.held == 0
    assert_gapless(out)
    numbers = [item.sequence for item in out if isinstance(item, Arrived)]
    assert numbers == sorted(set(numbers))
    stats = buffer.stats
    gone = stats.late + stats.duplicate + stats.empty + stats.overlapping + stats.overflowed
    assert stats.received == len(actions) == len(numbers) + gone


@pytest.mark.parametrize("popped", [True, False])
def test_a_flood_is_bounded(popped):
    rng, buffer, out = random.Random(9), JitterBuffer(), []
    for _ in range(5_000):  # no time passes: no deadline helps
        buffer.push(rng.randrange(2_000), rng.randrange(2_000) * FRAME, b"x", 0.0)
        assert buffer.held <= MAX_HELD
        if popped:
            out += buffer.pop(0.0)
            assert buffer.held < MAX_HELD
    assert_gapless(out)


def test_a_flood_gives_up_the_oldest_hole_first():
    buffer = JitterBuffer()
    out = []
    for packet in numbered(130):
        if packet.sequence % 2 == 0:
            buffer.push(packet.sequence, packet.timestamp, packet.payload, 0.0)
            out += buffer.pop(0.0)
    assert payloads(out) == list(range(0, 130 - 2 * (MAX_HELD - 1), 2))


NETWORKS = {
    "1 %": {"loss": 0.01, "jitter": 0.05},
    "5 %": {"loss": 0.05, "jitter": 0.05},
    "10 % in bursts of 4": {"loss": 0.1, "burst": 4, "jitter": 0.05},
    "10 % in bursts of 4, no jitter": {"loss": 0.1, "burst": 4},
    "5 % in bursts of 20": {"loss": 0.05, "burst": 20, "jitter": 0.02},
}


def release_delays(network, seed, seconds=60):
    """Of each packet that came out: when it was sent, and how long after that it was released."""
    packets = numbered(seconds * 50)
    arrivals, lost = LossyLink(seed, **network).send(packets)
    buffer = JitterBuffer()
    out = list(run(buffer, arrivals))
    assert_gapless([item for _, item in out])
    assert sum(item.duration for _, item in out) == len(packets) * FRAME
    sent = {packet.payload: packet.at for packet in packets}
    delays = [
        (sent[item.payload], at - sent[item.payload])
        for at, item in out
        if isinstance(item, Arrived)
    ]
    return delays, [packets[index].at for index in lost], buffer


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
@pytest.mark.parametrize("seed", range(3))
def test_the_delay_returns_within_a_second_of_each_burst(network, seed):
    delays, lost, buffer = release_delays(network, seed)
    bursts = []
    for at in lost:
        if bursts and at - bursts[-1][1] < 0.03:
            bursts[-1][1] = at
        else:
            bursts.append([at, at])

    def typical(start, end):
        found = [delay for at, delay in delays if start <= at < end]
        return statistics.median(found) if len(found) >= 10 else None

    compared, worst = 0, 0.0
    for start, end in bursts:
        before, after = typical(start - 1, start), typical(end + 1, end + 2)
        if before is not None and after is not None:
            compared, worst = compared + 1, max(worst, after - before)
    jitter = network.get("jitter", 0)
    longest = max(delay for _, delay in delays)
    assert compared >= 5
    assert buffer.stats.late <= 0.002 * buffer.stats.received  # patience is kept long enough
    assert worst <= 0.020
    assert longest <= jitter + MAX_PATIENCE + 0.02
    assert abs(typical(50, 60) - typical(0, 10)) <= 0.020
