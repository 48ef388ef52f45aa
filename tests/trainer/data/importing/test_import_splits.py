"""No speaker and no sentence in two splits."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from talkover.trainer.data.importing.splits import Splits, Spoken, deal
from talkover.trainer.data.texts import Split, split_of

WORDS = ["yes", "no", "maybe", "call me", "good night", "who is it", "one more", "I see"]
SPOKEN = st.builds(
    Spoken,
    st.sampled_from(["", "ann", "bob", "cy", "dee", "eve", "flo"]),
    st.sampled_from(["en", "es"]),
    st.sampled_from(WORDS),
    st.floats(0.5, 9),
)


@given(st.lists(SPOKEN, max_size=40))
def test_no_sentence_is_in_two_splits_and_no_speaker_who_can_be_held_out(spoken):
    splits = Splits(lambda: iter(spoken))
    sentences, speakers = {}, {}
    for one in spoken:
        split = splits.of(one)
        if split is None:
            continue
        assert sentences.setdefault(one.text, split) is split
        homes = {other.locale for other in spoken if other.speaker == one.speaker}
        if one.speaker and not homes & set(splits.by_text):
            assert speakers.setdefault(one.speaker, split) is split


@given(st.lists(SPOKEN, max_size=40))
def test_what_is_left_out_is_said_for_a_split_that_is_held_out(spoken):
    splits = Splits(lambda: iter(spoken))
    for one in spoken:
        if splits.of(one) is None:
            others = {splits.of(other) for other in spoken if other.text == one.text}
            assert others & {Split.VALIDATION, Split.TEST}


def test_many_speakers_are_dealt_out_by_tenths():
    dealt = deal({f"speaker {number}": 10.0 for number in range(200)})
    assert Counter(dealt.values()) == {Split.TRAIN: 160, Split.VALIDATION: 20, Split.TEST: 20}


def test_three_speakers_give_three_splits_however_much_they_say():
    for first in (1.0, 1e6):
        dealt = deal({"a": first, "b": 1.0, "c": 50.0})
        assert set(dealt.values()) == set(Split)


def test_one_speaker_is_split_by_sentences_as_generated_ones_are():
    spoken = [Spoken("ann", "en", f"sentence {n} of hers", 2.0) for n in range(50)]
    splits = Splits(lambda: iter(spoken))
    assert splits.by_text == ["en"]
    assert all(splits.of(one) is split_of(one.text) for one in spoken)


def test_speakers_that_are_not_named_follow_the_sentences_of_those_who_are():
    named = [Spoken(f"s{n}", "en", f"line {n % 7} {n}", 3.0) for n in range(30)]
    dealt = Splits(lambda: iter(named))
    nobody = [Spoken("", "en", one.text, 1.0) for one in named]
    splits = Splits(lambda: iter([*named, *nobody]))
    assert splits.by_text == ["en"]
    for one, other in zip(named, nobody, strict=True):
        assert splits.of(other) is splits.of(one) is dealt.of(one) is not None
