from hypothesis import given
from hypothesis import strategies as st

from talkover.server.thinking import History, Turn

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("caller"), st.text(max_size=30)),
        st.tuples(st.just("agent"), st.text(max_size=30), st.booleans()),
        st.tuples(st.just("withdraw")),
    ),
    max_size=60,
)


@given(OPERATIONS)
def test_it_stays_within_its_bounds(operations):
    history = History(max_turns=5, max_characters=10)
    for operation in operations:
        match operation:
            case ("caller", text):
                history.add_caller(text)
            case ("agent", text, cut):
                history.add_agent(text, cut=cut)
            case _:
                history.withdraw()
        assert len(history.turns) <= 5
        assert all(0 < len(turn.text) <= 10 for turn in history.turns)


def test_turns_are_kept_in_order():
    history = History()
    history.add_caller(" Hello? ")
    history.add_agent("Hello! How can", cut=True)
    history.add_caller("Wait")
    assert history.turns == (
        Turn("caller", "Hello?"),
        Turn("agent", "Hello! How can", cut=True),
        Turn("caller", "Wait"),
    )


def test_what_nobody_heard_was_not_said():
    history = History()
    history.add_agent("", cut=True)
    history.add_caller("  ")
    assert history.turns == ()


def test_only_a_callers_last_turn_can_be_withdrawn():
    history = History()
    history.withdraw()
    history.add_caller("I would")
    history.withdraw()
    assert history.turns == ()
    history.add_caller("I would like")
    history.add_agent("Yes?", cut=False)
    history.withdraw()
    assert len(history.turns) == 2


def test_the_oldest_turns_are_counted_when_they_go():
    history = History(max_turns=2)
    for text in "abc":
        history.add_caller(text)
    assert [turn.text for turn in history.turns] == ["b", "c"]
    assert history.forgotten == 1
