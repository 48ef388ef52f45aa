"""A logged call replays to the same commands, with or without its words."""

import json

from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import HOP
from talkover.server.session.observations import dump, load
from talkover.server.turns import (
    Classified,
    Ending,
    Heard,
    Pressed,
    ReplyAudible,
    ReplyOver,
    Speaker,
    Think,
    Tick,
    TurnMachine,
    Typed,
    Voice,
    Words,
)

TIMES = st.integers(0, 2**40)
WORDS = st.sampled_from(["", "Yes.", "and then", "ça va ?", "你好。", "no, 5"])
SHARES = st.floats(0, 1)
WEIGHED = st.builds(Words, st.integers(0, 9), *[SHARES] * 5, st.booleans(), st.booleans())
OBSERVATIONS = st.one_of(
    st.builds(Voice, TIMES, st.floats(0, 1, width=32)),
    st.builds(Tick, TIMES),
    st.builds(Heard, TIMES, st.integers(0, 99), WORDS),
    st.builds(Heard, TIMES, st.integers(0, 99), WORDS, WEIGHED),
    st.builds(Ending, TIMES, st.integers(0, 99), SHARES),
    st.builds(Speaker, TIMES, st.integers(0, 99), SHARES),
    st.builds(Classified, TIMES, st.integers(0, 99), *[SHARES] * 5),
    st.builds(Typed, TIMES, WORDS),
    st.builds(Pressed, TIMES),
    st.builds(ReplyAudible, TIMES, st.integers(0, 9)),
    st.builds(ReplyOver, TIMES, st.integers(0, 9)),
)


@given(OBSERVATIONS)
def test_a_consented_observation_survives_the_trace(observation):
    assert load(json.loads(json.dumps(dump(observation, words=True)))) == observation


@given(WORDS)
def test_without_consent_no_letter_is_kept(text):
    kept = dump(Heard(0, 0, text), words=False)[3]
    assert not set(kept) - set("x .,?。")
    assert len(kept) == len(text)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 60), WORDS), max_size=12))
def test_a_redacted_call_takes_the_same_turns(parts):
    machine, log, at, turns = TurnMachine(), [], 0, []

    def see(observation):
        log.append(dump(observation, words=False))
        commands = machine.step(observation)
        turns.extend(c.turn for c in commands if isinstance(c, Think))
        return commands

    listens = []
    for voiced, silent, text in parts:
        for hop in range(voiced + silent):
            at += HOP
            commands = see(Voice(at, 0.9 if hop < voiced else 0.0))
            listens += [c.listen for c in commands if hasattr(c, "purpose")]
        if listens:
            see(Heard(at, listens.pop(), text))
    replayed = TurnMachine()
    again = [c for item in log for c in replayed.step(load(item)) if isinstance(c, Think)]
    assert [think.turn for think in again] == turns
