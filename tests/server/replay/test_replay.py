"""A logged call takes the same turns again; another policy shows where it would not."""

from dataclasses import asdict, replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import HOP, samples
from talkover.core.errors import ConfigError, TraceError
from talkover.core.records import SessionEvent
from talkover.server.replay import Call, policy_from_toml, policy_to_toml, replay
from talkover.server.replay.picture import picture
from talkover.server.session.observations import dump
from talkover.server.turns import (
    Change,
    Heard,
    Listen,
    Release,
    ReplyAudible,
    Tell,
    TurnMachine,
    TurnPolicy,
    Voice,
    Words,
)


def logged(words=True, policy=None):
    """A call in which the caller asks, and interrupts the answer."""
    machine = TurnMachine(policy)
    items = []
    at = 0

    def see(observation):
        items.append(dump(observation, words=words))
        commands = machine.step(observation)
        items.extend(
            ["Tell", c.at, c.change.value, c.turn] for c in commands if isinstance(c, Tell)
        )
        return commands

    def sound(seconds, probability):
        nonlocal at
        for _ in range(samples(seconds) // HOP):
            at += HOP
            for command in see(Voice(at, probability)):
                if isinstance(command, Listen):
                    weight = Words(completeness=0.9, floor=0.5)
                    for told in see(Heard(at, command.listen, "Where is it?", weight)):
                        if isinstance(told, Release):
                            see(ReplyAudible(at, told.turn))
                if isinstance(command, Release):
                    see(ReplyAudible(at, command.turn))

    for seconds, probability in ((0.5, 0.0), (1.0, 0.9), (2.0, 0.02), (1.5, 0.95), (2.5, 0.0)):
        sound(seconds, probability)
    opened = {"policy": asdict(machine.policy), "bundle": "b"}
    payloads = [("opened", opened)]
    payloads += [("observations", {"items": items[n : n + 40]}) for n in range(0, len(items), 40)]
    return [
        SessionEvent(session="s", seq=seq, at=0, type=kind, payload=payload)
        for seq, (kind, payload) in enumerate(payloads)
    ]


@pytest.mark.parametrize("words", [True, False])
def test_a_call_replays_to_the_tick_with_and_without_its_words(words):
    events = logged(words)
    read = [SessionEvent.parse(event.model_dump_json()) for event in reversed(events)]
    found = replay(Call.read(read))
    assert {Change.BARGE_IN, Change.DUCKED} <= {tell.change for tell in found.given}
    assert found.same
    assert found.differences() == []


def test_a_call_is_replayed_under_the_policy_that_it_ran_under():
    slow = replace(TurnPolicy(), end_min=samples(1.5), end_max=samples(1.6))
    call = Call.read(logged(policy=slow))
    assert call.policy == slow
    assert replay(call).same
    assert not replay(call, TurnPolicy()).same


def test_another_policy_shows_what_it_would_have_done():
    call = Call.read(logged())
    deaf = policy_from_toml("yield_after = 9.0\nbackchannel_longest = 9\nwords_hallucinated = 0")
    found = replay(call, deaf)
    then, now = found.counts()[Change.BARGE_IN]
    assert (then, now) == (1, 0)
    (difference, *_) = found.differences()
    assert Change.BARGE_IN in {tell.change for tell in difference.logged}
    ET.fromstring(picture(found))


@given(st.floats(0, 3000), st.floats(0, 1))
def test_a_policy_survives_its_file(seconds, share):
    policy = replace(TurnPolicy(), end_max=samples(round(seconds, 2)), yield_above=round(share, 3))
    again = policy_from_toml(policy_to_toml(policy))
    assert abs(again.end_max - policy.end_max) <= 1 + policy.end_max / 1e5
    assert again.yield_above == pytest.approx(policy.yield_above)
    assert policy_from_toml("", policy) == policy


@pytest.mark.parametrize("text", ["end_min", "speed = 1", "end_min = -1", 'end_min = "x"'])
def test_a_bad_policy_says_what_is_wrong(text):
    with pytest.raises(ConfigError):
        policy_from_toml(text)


def test_a_trace_with_a_gap_or_of_another_version_is_refused():
    events = logged()
    with pytest.raises(TraceError, match="gap"):
        Call.read(events[:1] + events[2:])
    odd = SessionEvent(session="s", seq=1, at=0, type="observations", payload={"items": [["New"]]})
    with pytest.raises(TraceError, match="version"):
        Call.read([events[0], odd])
