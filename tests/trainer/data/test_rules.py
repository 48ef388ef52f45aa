"""Sound changes, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import DataError
from talkover.trainer.data.rules import Phone, Rule

LETTERS = ("t", "d", "k", "s", "n", "ɹ", "a", "ɪ", "ə", "uː")
SOUNDS = st.lists(st.sampled_from(LETTERS).map(Phone), max_size=8)


def word(written):
    """Phones, apart by spaces; a stressed one has a mark."""
    return [Phone(part.lstrip("ˈ"), int(part.startswith("ˈ"))) for part in written.split()]


def changed(rule, written):
    return " ".join(phone.symbol for phone in Rule.read(rule).apply(word(written)))


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("θ > f", "θ ɪ ŋ θ", "f ɪ ŋ f"),
        ("t > ɾ / V _ V0", "b ˈe t ə", "b e ɾ ə"),
        ("t > ɾ / V _ V0", "ə t ˈæ k", "ə t æ k"),
        ("t > ʔ / V _ {C,#}", "f ˈʊ t", "f ʊ ʔ"),
        ("t > ʔ / V _ {C,#}", "n ˈɔː θ t", "n ɔː θ t"),
        ("h > ∅ / # _ V", "h ˈaʊ s", "aʊ s"),
        ("h > ∅ / # _ V", "b ɪ h ˈaɪ n d", "b ɪ h aɪ n d"),
        ("ŋ > ŋ ɡ / V1 _ #", "s ˈɪ ŋ", "s ɪ ŋ ɡ"),
        ("aɪ > ʌɪ / _ K", "l ˈaɪ t", "l ʌɪ t"),
        ("aɪ > ʌɪ / _ K", "l ˈaɪ d", "l aɪ d"),
    ],
)
def test_changes(rule, before, after):
    assert changed(rule, before) == after


@pytest.mark.parametrize(
    "line", ["", "t", "t >", "> f", "t > f /", "t > f / V V", "t > f / {V _ C", "t d > f"]
)
def test_what_is_no_rule_is_quoted(line):
    with pytest.raises(DataError, match="is"):
        Rule.read(line)


@given(SOUNDS)
def test_a_rule_for_a_sound_that_is_not_there_changes_nothing(phones):
    assert Rule.read("ʒ > z / V _ V").apply(phones) == phones


@given(SOUNDS)
def test_sounds_keep_what_they_realise(phones):
    keyed = [Phone(phone.symbol, 0, f"key {place}") for place, phone in enumerate(phones)]
    after = Rule.read("t > t s").apply(keyed)
    assert list(dict.fromkeys(phone.key for phone in after)) == [phone.key for phone in keyed]
