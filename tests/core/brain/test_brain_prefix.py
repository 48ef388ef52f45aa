import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.brain.prefix import WORTH_COPYING, PrefixCache, shared_prefix
from talkover.core.errors import BusyError


class Copies:
    """Buffers that know what they hold."""

    def __init__(self):
        self.held = []

    def copy(self, other, count):
        self.held[:count] = other.held[:count]


def read(entry, prompt):
    """Do what a model does: read what is missing."""
    entry.buffers.held[len(entry.tokens) :] = prompt[len(entry.tokens) :]
    entry.tokens += prompt[len(entry.tokens) :]


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_a_shared_prefix_is_shared_and_longest(left, right):
    length = shared_prefix(left, right)
    assert left[:length] == right[:length]
    assert left[length : length + 1] != right[length : length + 1] or length == len(left)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.lists(st.integers(0, 1), min_size=1, max_size=30),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_the_cache_keeps_its_bounds_and_its_word(uses):
    cache = PrefixCache(Copies, conversations=3, positions=60)
    in_use = set()
    for name, prompt, stays in uses:
        try:
            entry = cache.take(name, prompt, len(prompt))
        except BusyError:
            assert in_use - {name}
            continue
        assert entry.tokens == prompt[: len(entry.tokens)]
        assert entry.buffers.held[: len(entry.tokens)] == entry.tokens
        read(entry, prompt)
        entry.in_use = lambda stays=stays: stays
        in_use = in_use | {name} if stays else in_use - {name}
        assert len(cache) <= 3
        assert cache.reserved <= 60
        assert all(cache.busy(user) for user in in_use)


def test_only_new_words_are_missing():
    cache = PrefixCache(Copies, conversations=2, positions=100)
    read(cache.take("a", [1, 2, 3, 4], 10), [1, 2, 3, 4])
    assert cache.take("a", [1, 2, 9], 10).tokens == [1, 2]


def test_another_conversation_is_copied_if_that_is_worth_it():
    cache = PrefixCache(Copies, conversations=3, positions=300)
    known = list(range(WORTH_COPYING))
    read(cache.take("a", known, 50), known)
    assert cache.take("b", [*known, 99], 50).tokens == known
    assert cache.take("c", known[:-1], 50).tokens == []


def test_the_least_recently_used_goes_first():
    cache = PrefixCache(Copies, conversations=2, positions=100)
    for name in "abac":
        read(cache.take(name, [ord(name)], 5), [ord(name)])
    assert cache.take("a", [ord("a")], 5).tokens == [ord("a")]
    assert cache.take("b", [ord("b")], 5).tokens == []


def test_a_full_cache_says_so():
    cache = PrefixCache(Copies, conversations=1, positions=100)
    cache.take("a", [1], 5).in_use = lambda: True
    with pytest.raises(BusyError, match="memory is full"):
        cache.take("b", [1], 5)
    cache.forget("a")
    assert cache.take("b", [1], 5).tokens == []


def test_memory_once_used_stays_counted():
    cache = PrefixCache(Copies, conversations=4, positions=100)
    cache.take("a", [1], 80)
    cache.take("a", [1], 10)
    assert cache.reserved == 80
    cache.take("b", [1], 30)
    assert len(cache) == 1
