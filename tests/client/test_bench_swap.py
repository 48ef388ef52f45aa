"""What a run with swaps is judged by."""

import numpy as np
import pytest

from talkover.client import AgentAudio, Turn, TurnKind
from talkover.client.bench.running import Failed
from talkover.client.bench.swap.cli import newest_other, whole_ids
from talkover.client.bench.swap.holes import Hole, holes
from talkover.client.bench.swap.report import near, summarise
from talkover.client.bench.swap.run import Result, SwapCall, SwapDone, Wait
from talkover.core.clock import FRAME, RATE
from talkover.core.errors import ConfigError

DICE = np.random.default_rng(1)
OLD, NEW = "a" * 64, "b" * 64


def frame(number: int, *, silent: bool = False) -> AgentAudio:
    pcm = DICE.integers(-900, 900, FRAME).astype(np.int16)
    return AgentAudio(
        at=0,
        received=100.0 + number * 0.02,
        pcm=pcm * (not silent),
        lane_position=number * FRAME,
        starts_at=number * FRAME,
    )


def turn(kind: TurnKind) -> Turn:
    return Turn(at=0, received=0.0, kind=kind, turn=0)


def played(frames: list[AgentAudio], before: dict[int, int]) -> np.ndarray:
    """What comes out, with so many silent samples before some of the frames."""
    parts = []
    for number, one in enumerate(frames):
        parts += [np.zeros(before.get(number, 0), np.int16), one.pcm]
    return np.concatenate(parts)


def test_a_hole_is_found_where_it_is():
    frames = [frame(n) for n in range(10)]
    (hole,) = holes(played(frames, {0: 3_000, 6: 800}), RATE, frames)
    assert hole.seconds == pytest.approx(0.05)
    assert hole.at == frames[6].received


def test_short_ones_and_those_of_the_voice_are_none():
    frames = [frame(n, silent=n in (3, 4, 5, 6)) for n in range(10)]
    assert holes(played(frames, {8: 600}), RATE, frames) == []


def test_between_replies_there_may_be_silence():
    first, second = [frame(n) for n in range(4)], [frame(n) for n in range(4, 8)]
    events = [*first, turn(TurnKind.AGENT_FINISHED), *second]
    assert holes(played([*first, *second], {4: 20_000}), RATE, events) == []


def test_what_was_thrown_away_is_no_hole():
    heard, lost, after = ([frame(n) for n in span] for span in ((0, 1), (2, 3, 4), (5, 6, 7)))
    events = [*heard, *lost, turn(TurnKind.BARGE_IN), *after]
    assert holes(played([*heard, *after], {2: 9_000}), RATE, events) == []


def call(**more) -> SwapCall:
    plain = {
        "session": "s",
        "turns": {0: (OLD,), 1: (NEW,)},
        "firsts": {OLD: 5.0, NEW: 13.5},
        "waits": (Wait(6.0, 1.0, "a"), Wait(11.0, 1.02, "a")),
        "holes": (),
        "frames": 100,
        "caller_late": (0.0,),
    }
    return SwapCall(**{**plain, **more})


def result(**more) -> Result:
    plain = {
        "calls": [call()],
        "swaps": [SwapDone(NEW, asked=10.0, serving=12.0)],
        "before": 900.0,
        "after": 920.0,
    }
    return Result(**{**plain, **more})


def missed(found: Result) -> set[str]:
    return {measure.name for measure in summarise(found, 1) if measure.met is False}


def test_a_swap_that_nobody_notices():
    assert not missed(result())
    values = {measure.name: measure.value for measure in summarise(result(), 1)}
    assert values["from asking to serving, max"] == 2.0
    assert values["from asking to the first words on it, p50"] == 3.5
    assert values["added to the p99 by a swap"] == pytest.approx(20)


def test_a_swap_does_not_pay_for_what_happened_to_be_said():
    """Of one recording the end is always waited for longer; in the swap it was heard twice."""
    usual = [Wait(6.0, 1.0, "clear"), Wait(7.0, 1.5, "open"), Wait(8.0, 1.1, "clear")]
    swap = [Wait(11.0, 1.5, "open"), Wait(12.0, 1.51, "open"), Wait(12.5, 9.0, "never again")]
    found = {m.name: m for m in summarise(result(calls=[call(waits=(*usual, *swap))]), 1)}
    assert found["added to the p99 by a swap"].value < 0
    assert found["added to the p99 by a swap"].n == 2
    assert found["added to the p50 by a swap"].value == pytest.approx(5)
    assert found["reply gap p99, while swapping"].value > 8


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        ({"calls": [call(turns={0: (OLD, NEW)})]}, "turns that mixed generations"),
        ({"failed": [Failed("call-1", "LOST: …")]}, "calls dropped"),
        (
            {"calls": [call(holes=(Hole(0.06, 11.0),))]},
            "holes over 40 ms in replies, while swapping",
        ),
        ({"swaps": [SwapDone(NEW, 10.0, refused="damaged")]}, "swaps done"),
        ({"swaps": [SwapDone(NEW, 10.0, 15.1)]}, "from asking to serving, max"),
        (
            {"calls": [call(waits=(Wait(6.0, 1.0, "a"), Wait(11.0, 1.2, "a")))]},
            "added to the p99 by a swap",
        ),
        ({"after": 1_000.0}, "server memory after the last"),
        ({"left": 1}, "generations not freed"),
    ],
)
def test_every_bar_can_be_missed(worse, name):
    assert name in missed(result(**worse))


def test_what_happens_long_after_a_swap_is_not_its_fault():
    swaps = [SwapDone(NEW, 10.0, 12.0)]
    assert [near(moment, swaps) for moment in (9.9, 10.0, 13.9, 14.1)] == [
        False,
        True,
        True,
        False,
    ]
    apart = call(holes=(Hole(0.06, 30.0),))
    assert not missed(result(calls=[apart]))


def test_a_bundle_may_be_named_by_its_first_characters():
    there = ["aa11", "ab22", "b333"]
    assert whole_ids(["ab", "aa11", "b"], there) == ("ab22", "aa11", "b333")
    for named, why in (("a", "several"), ("c", "no bundle"), ("", "no bundle"), ("aa112", "no b")):
        with pytest.raises(ConfigError, match=why):
            whole_ids([named], there)
    assert newest_other(there, "b333") == ("ab22", "b333")
    with pytest.raises(ConfigError, match="one bundle only"):
        newest_other(["aa11"], "aa11")
