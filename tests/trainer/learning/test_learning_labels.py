"""What was said, by whom, and how far that is trusted."""

import pytest

from talkover.core.records import Hypothesis, Outcome
from talkover.trainer.data.texts import Split
from talkover.trainer.learning.filters import Limits, Refusal, of_label, of_record, of_sound
from talkover.trainer.learning.labels import Label, LabelPolicy, Reading, Source, label
from talkover.trainer.learning.nearness import Nearness
from talkover.trainer.learning.outcomes import Happened, denies, evidence_of, settled
from talkover.trainer.mining.withheld import Withheld

from .calls import sentence, turn

NOW = 2e9
WITHHELD = Withheld(speakers=frozenset({"e" * 64}))
SAID = "could you book a table for four at the harbour"


@pytest.fixture(scope="module")
def near() -> Nearness:
    return Nearness()


def read(*texts: str, sure: float = -0.1, nothing: float = 0.0) -> list[Reading]:
    return [Reading(text, sure, nothing) for text in texts]


def test_sounds_count_and_not_letters(near: Nearness) -> None:
    assert near("two pears", "too pairs", "en") < 0.05
    assert near("two pears", "a green house", "en") > 0.5
    assert near("two pears", "", "en") == 1.0
    assert near("orð", "orð", "is") == 1.0, "of a language without sounds nothing is known"


# Labels


def test_the_callers_own_word_comes_first(near: Nearness) -> None:
    record = turn(text="could you look a cable for four at the harbour", correction=SAID)
    found = label(record, read(*["something else"] * 3), None, near)
    assert isinstance(found, Label)
    assert (found.text, found.source, found.trust) == (SAID, Source.CORRECTION, 1.0)
    assert found.heard == record.text
    assert Label.parse(found.to_json()) == found


def test_a_correction_that_is_far_from_all_that_was_heard_is_trusted_less(near: Nearness) -> None:
    record = turn(text="the cat is under the chair", correction="buy cheap watches online now")
    found = label(record, read(*["the cat is under the chair"] * 3), None, near)
    assert isinstance(found, Label)
    assert found.trust == LabelPolicy().corrected_far
    # Unless the teacher heard what the caller says.
    found = label(record, read("buy cheap watches online now"), None, near)
    assert isinstance(found, Label)
    assert found.trust == 1.0


def test_to_correct_to_nothing_says_nothing(near: Nearness) -> None:
    assert label(turn(correction=" ... "), read(SAID), None, near) is Refusal.EMPTY


def test_a_teacher_who_reads_alike_each_time_is_trusted_more_if_the_listener_agrees(
    near: Nearness,
) -> None:
    agreed = label(turn(text=SAID), read(SAID, SAID + ".", SAID), None, near)
    alone = label(turn(text="could you cook a cable"), read(SAID, SAID, SAID), None, near)
    assert isinstance(agreed, Label)
    assert isinstance(alone, Label)
    assert agreed.text == alone.text == SAID
    assert agreed.trust > alone.trust > 0
    assert agreed.source is alone.source is Source.TEACHER


@pytest.mark.parametrize(
    "readings",
    [
        [],
        read(SAID),
        read(SAID, SAID, "could you cook a cable for fun"),
        read(SAID, SAID, sure=-0.9),
        read("no no no no no no no no", "no no no no no no no no"),
    ],
    ids=["none", "one", "apart", "unsure", "loops"],
)
def test_a_teacher_who_is_not_sure_teaches_nothing(near: Nearness, readings: list[Reading]) -> None:
    assert label(turn(text=SAID), readings, None, near) is Refusal.UNSURE


def test_where_nobody_speaks_nothing_was_said(near: Nearness) -> None:
    assert label(turn(), read("", ""), None, near) is Refusal.EMPTY
    assert label(turn(), read("you", "you", nothing=0.9), None, near) is Refusal.EMPTY


def test_who_says_it_again_was_not_understood(near: Nearness) -> None:
    again = evidence_of(turn(0, text=SAID), [turn(1, text=SAID, caller_start=7 * 16_000)], near)
    assert again is not None
    same = label(turn(text=SAID), read(SAID, SAID), again, near)
    other = label(turn(text="could you cook"), read(SAID, SAID), again, near)
    policy = LabelPolicy()
    assert isinstance(same, Label)
    assert isinstance(other, Label)
    assert same.trust == policy.doubted < policy.confirmed
    assert other.trust == policy.supported > policy.alone
    assert other.reward == again.reward


def test_outcomes_alone_are_a_reward_only_where_the_reading_was_sampled(near: Nearness) -> None:
    """A greedy log has no propensity."""
    record = turn(text="could you cook", outcome=Outcome.HUNG_UP)
    evidence = evidence_of(record, [], near)
    apart = read(SAID, "something else", "nothing of the kind")
    assert label(record, apart, evidence, near) is Refusal.NO_PROPENSITY
    sampled = record.model_copy(
        update={
            "listening_temperature": 0.7,
            "n_best": (Hypothesis(text="could you cook", log_probability=-4.5),),
        }
    )
    found = label(sampled, apart, evidence, near)
    assert isinstance(found, Label)
    assert (found.source, found.text) == (Source.OUTCOME, "could you cook")
    assert (found.reward, found.log_probability, found.temperature) == (-0.3, -4.5, 0.7)
    assert found.trust <= 0.2
    assert found.bundle == "b"


# What came after


def soon(text: str, **change: object):
    return turn(1, text=text, caller_start=8 * 16_000, caller_end=10 * 16_000, **change)


@pytest.mark.parametrize(
    ("later", "happened"),
    [
        (soon("No, I said a table for four."), Happened.DENIED),
        (soon("no no i meant the harbour"), Happened.DENIED),
        (soon("Non, j’ai dit demain"), Happened.DENIED),
        (soon("Could you book a table for four at the harbour?"), Happened.REPEATED),
        (soon("Book a table at the harbour for four, would you please?"), Happened.REPHRASED),
        (soon("Thank you, and what is the weather like?"), Happened.WENT_ON),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_next_turn_says_how_the_last_one_went(near, later, happened) -> None:
    found = evidence_of(turn(0, text=SAID), [later], near)
    assert found is not None
    assert found.happened is happened


def test_what_is_said_much_later_is_no_repeat(near: Nearness) -> None:
    later = turn(1, text=SAID, caller_start=60 * 16_000, caller_end=62 * 16_000)
    found = evidence_of(turn(0, text=SAID), [later], near)
    assert found is not None
    assert found.happened is Happened.WENT_ON


def test_to_interrupt_right_away_is_evidence_and_later_is_none(near: Nearness) -> None:
    at = {"agent_start": 48_000, "outcome": Outcome.INTERRUPTED}
    early = evidence_of(turn(0, agent_end=48_000 + 16_000, **at), [], near)
    assert early is not None
    assert early.happened is Happened.BARGED_IN
    assert evidence_of(turn(0, agent_end=48_000 + 80_000, **at), [], near) is None


def test_others_in_the_room_are_no_answer(near: Nearness) -> None:
    assert evidence_of(turn(0, text=SAID), [soon("No, I said four", speaker="other")], near) is None


def test_a_denial_is_a_beginning() -> None:
    assert denies("no i said tomorrow")
    assert denies("That's not what I said!")
    assert not denies("I said no")
    assert not denies("nobody said that")
    assert not denies("no")


def test_a_turn_is_settled_by_what_comes_next_or_by_time() -> None:
    record = turn(0, written_at=NOW - 10)
    assert not settled(record, [], NOW, patience=60)
    assert settled(record, [], NOW, patience=5)
    assert settled(record, [turn(1)], NOW, patience=60)
    assert settled(turn(0, written_at=NOW, outcome=Outcome.HUNG_UP), [], NOW, patience=60)


# Filters


def kept(**change: object) -> Refusal | None:
    values = {"written_at": NOW - 60, "blobs": {"caller": "a" * 64}} | change
    return of_record(turn(**values), Limits(retention=1), WITHHELD, NOW)


def test_what_may_be_learnt_from() -> None:
    assert kept() is None
    assert kept(written_at=NOW - 86_000) is None
    assert kept(written_at=NOW - 86_500) is Refusal.EXPIRED
    assert kept(language="en-GB") is None
    assert kept(text="", correction=None) is None, "what was not heard is worth most"
    assert kept(caller=None) is None


def test_a_correction_counts_for_what_was_heard() -> None:
    test = sentence(3, Split.TEST)
    assert kept(correction=test) is Refusal.EVALUATION_TEXT
    assert kept(text=test, correction=sentence(3)) is None
    assert kept(correction="it is ann@example.org") is Refusal.PRIVATE


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("call 0171 555 1234", True),
        ("4111-1111-1111-1111", True),
        ("12345", False),
        ("at 10.40 on the 5th", False),
        ("write to a.b@c.example", True),
    ],
)
def test_numbers_and_addresses_are_private(text: str, private: bool) -> None:
    limits = Limits()
    found = of_label(text, 9.0, limits, Withheld())
    assert (found is Refusal.PRIVATE) == private or found is Refusal.EVALUATION_TEXT


def test_sounds_have_limits() -> None:
    limits = Limits()
    known = Withheld(sounds=frozenset({"x"}))
    assert of_sound(0.29, 0.1, "", limits, known) is Refusal.TOO_SHORT
    assert of_sound(0.3, 0.1, "", limits, known) is None
    assert of_sound(24.1, 0.1, "", limits, known) is Refusal.TOO_LONG
    assert of_sound(2.0, 1e-4, "", limits, known) is Refusal.SILENT
    assert of_sound(2.0, 0.1, "x", limits, known) is Refusal.EVALUATION_SOUND


def test_nobody_says_that_much_in_that_time() -> None:
    limits = Limits()
    assert of_label(sentence(1), 0.3, limits, Withheld()) is Refusal.PACE
    assert of_label(sentence(1), 3.0, limits, Withheld()) is None
    assert of_label("...", 3.0, limits, Withheld()) is Refusal.EMPTY
    assert of_label(sentence(2, Split.VALIDATION), 3.0, limits, Withheld()) is (
        Refusal.EVALUATION_TEXT
    )
