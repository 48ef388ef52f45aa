"""What is mined among what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from talkover.core.errors import DataError
from talkover.trainer.data.streaming.order import Place
from talkover.trainer.mining.mixing import with_mined, written
from talkover.trainer.mining.round import FIRST, pool_of
from talkover.trainer.stages.tables import DataSettings, SourceSettings

MADE = SourceSettings(recipe="dialects17", share=0.8)
PEOPLE = SourceSettings(prompts=("en",), distil=True)


@given(st.floats(0.01, 0.99), st.lists(st.floats(0.01, 10), min_size=1, max_size=4))
def test_so_much_is_replayed_as_should_be(replay, shares):
    sources = {
        f"{n}": SourceSettings(recipe="dialects17", share=one) for n, one in enumerate(shares)
    }
    mixed = with_mined(DataSettings(sources=sources), "mined", MADE, chosen="x", replay=replay)
    total = sum(one.share for one in mixed.sources.values())
    assert mixed.sources["mined"].share / total == pytest.approx(1 - replay)
    for name, one in sources.items():
        assert mixed.sources[name] == one


def test_nothing_else_is_heard_without_replay():
    data = DataSettings(sources={"made": MADE}, longest=9.0)
    mixed = with_mined(data, "mined", MADE, chosen="x", replay=0.0)
    assert list(mixed.sources) == ["mined"]
    assert mixed.longest == 9.0
    assert mixed.sources["mined"].chosen == "x"
    assert mixed.sources["mined"].recipe == MADE.recipe


def test_a_name_that_is_there_is_refused():
    with pytest.raises(DataError, match="call it otherwise"):
        with_mined(DataSettings(sources={"a": MADE}), "a", MADE, chosen="x", replay=0.5)


def test_only_what_has_words_is_rewarded():
    data = DataSettings(sources={"made": MADE, "people": PEOPLE})
    assert list(written(data).sources) == ["made"]
    with pytest.raises(DataError, match="without distil"):
        written(DataSettings(sources={"people": PEOPLE}))


@given(st.integers(1, 9), st.integers(1, 500))
def test_a_pool_is_new_but_for_what_was_mined(number, size):
    again = [Place(0, 7)]
    pool = pool_of(number, again, size)
    assert pool[0] == again[0]
    fresh = {place.number for place in pool[1:]}
    assert len(fresh) == size
    assert min(fresh) >= FIRST
    assert not fresh & {place.number for place in pool_of(number + 1, [], size)}
