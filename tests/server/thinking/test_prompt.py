from hypothesis import given
from hypothesis import strategies as st

from talkover.server.thinking import INSTRUCTIONS, History, Message, build_messages

WORDS = st.text(alphabet="abc é日", min_size=1, max_size=60).filter(str.strip)


def call(turns):
    history = History()
    for index, text in enumerate(turns):
        if index % 2:
            history.add_agent(text, cut=False)
        else:
            history.add_caller(text)
    return history


def size(messages):
    return sum(len(message.content.encode()) + 16 for message in messages)


@given(st.lists(WORDS, max_size=40), st.integers(50, 800))
def test_whole_turns_within_the_budget(turns, budget):
    history = call(turns)
    messages = build_messages(history, instructions="Be kind.", budget=budget)
    assert messages[0] == Message("system", "Be kind.")
    kept = [message.content for message in messages[1:]]
    assert kept == [text.strip() for text in turns][len(turns) - len(kept) :]
    assert size(messages) <= budget or len(kept) <= 1
    assert bool(kept) == bool(turns)


@given(st.lists(WORDS, min_size=2, max_size=40))
def test_everything_that_fits_is_kept(turns):
    assert len(build_messages(call(turns), budget=10_000)) == len(turns) + 1


def test_most_prompts_begin_with_the_one_before():
    history = History()
    before, broken = build_messages(history, budget=700), 0
    for index in range(100):
        history.add_caller(f"caller says {index:02}")
        history.add_agent(f"agent says {index:02}", cut=False)
        messages = build_messages(history, budget=700)
        broken += messages[: len(before)] != before
        before = messages
    assert broken <= 100 * 2 / 8 + 1


def test_a_turn_that_was_cut_is_marked():
    history = call(["Hello?"])
    history.add_agent("I could tell you a", cut=True)
    assert build_messages(history)[-1] == Message("assistant", "I could tell you a —")


def test_turns_in_a_row_are_one_message():
    history = call(["Hello?"])
    history.add_caller("Anybody?")
    assert build_messages(history)[1:] == [Message("user", "Hello? Anybody?")]


def test_blank_instructions_are_none():
    for given_ in (None, "", "  \n"):
        assert build_messages(History(), instructions=given_) == [Message("system", INSTRUCTIONS)]
