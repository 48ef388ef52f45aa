from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talkover.core.clock import FRAME
from talkover.core.listener import Word
from talkover.core.listener.tokens import Piece
from talkover.core.listener.words import cheapest_path, token_starts, words_in_time

REPEATABLE = settings(derandomize=True)
COSTS = arrays.arrays(  # whole numbers, so that sums are exact and ties happen
    np.float64,
    st.tuples(st.integers(1, 9), st.integers(1, 14)),
    elements=st.integers(-9, 9).map(float),
)


def cheapest(costs: NDArray[np.float64]) -> float:
    """Dynamic time warping cell by cell: down, right, or both at a time."""
    rows, columns = costs.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for row in range(rows):
        for column in range(columns):
            before = min(total[row, column], total[row, column + 1], total[row + 1, column])
            total[row + 1, column + 1] = costs[row, column] + before
    return float(total[-1, -1])


def cost_of(entries: NDArray[np.int64], costs: NDArray[np.float64]) -> float:
    """What the cheapest path that enters the rows at these columns costs."""
    rows = len(costs)
    total = 0.0
    for row in range(rows):
        if row + 1 == rows:
            total += costs[row, entries[row] :].sum()
            continue
        following = entries[row + 1]
        straight = costs[row, entries[row] : following + 1].sum()
        slanted = costs[row, entries[row] : following].sum() if following > entries[row] else np.inf
        total += min(straight, slanted)
    return total


@given(COSTS)
@REPEATABLE
def test_the_path_is_the_cheapest(costs: NDArray[np.float64]) -> None:
    entries = cheapest_path(costs)
    assert entries.shape == costs.shape[:1]
    assert entries[0] == 0
    assert (np.diff(entries) >= 0).all()
    assert entries[-1] < costs.shape[1]
    assert cost_of(entries, costs) == cheapest(costs)


def test_a_large_path_is_the_cheapest() -> None:
    costs = np.random.default_rng(1).normal(size=(60, 700))
    assert cost_of(cheapest_path(costs), costs) == pytest.approx(cheapest(costs), abs=1e-9)


def staircase(lengths: list[int], heads: int = 3, noise: float = 0.0) -> NDArray[np.float32]:
    """Each token looks at frames of its own, one after another."""
    attention = np.full((heads, len(lengths), sum(lengths)), 1e-3)
    begin = 0
    for token, length in enumerate(lengths):
        attention[:, token, begin : begin + length] = 1.0
        begin += length
    attention += noise * np.random.default_rng(2).random(attention.shape)
    attention /= attention.sum(axis=2, keepdims=True)
    return attention.astype(np.float32)


@given(st.lists(st.integers(8, 30), min_size=2, max_size=12), st.sampled_from([0.0, 0.3]))
@REPEATABLE
def test_tokens_start_where_the_heads_begin_to_look(lengths: list[int], noise: float) -> None:
    starts = token_starts(staircase(lengths, noise=noise))
    expected = np.cumsum([0, *lengths[:-1]])
    assert np.abs(starts - expected).max() <= 1


def test_a_head_that_looks_anywhere_is_outvoted() -> None:
    lengths = [12, 20, 9, 15, 11]
    attention = staircase(lengths, heads=5)
    attention[0] = np.random.default_rng(3).dirichlet(np.ones(sum(lengths)), len(lengths))
    assert np.abs(token_starts(attention) - np.cumsum([0, *lengths[:-1]])).max() <= 2


@pytest.mark.parametrize("shape", [(1, 2, 8), (3, 6, 40), (8, 25, 300)])
def test_tokens_start_where_transformers_has_them(shape: tuple[int, int, int]) -> None:
    import torch
    from transformers.models.whisper import generation_whisper

    reference: Any = generation_whisper
    attention = np.random.default_rng(shape).dirichlet(np.full(shape[2], 0.2), shape[:2])
    weights = torch.from_numpy(attention)
    spread, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    smooth = reference._median_filter((weights - mean) / spread, 7)
    rows, columns = reference._dynamic_time_warping(-smooth.mean(dim=0).numpy())
    entered = np.diff(rows, prepend=-1) == 1
    np.testing.assert_array_equal(token_starts(attention.astype(np.float32)), columns[entered])


def test_where_every_token_looks_says_nothing() -> None:
    lengths = [12, 20, 9, 15, 11]
    attention = staircase(lengths)
    attention[:, :, 30:36] += 1.0
    assert np.abs(token_starts(attention) - np.cumsum([0, *lengths[:-1]])).max() <= 2


def test_words_are_where_their_tokens_are() -> None:
    attention = staircase([10, 12, 20, 15, 13])  # the last is the end of the text
    pieces = [Piece("Hello,", 0, 2), Piece("you", 3, 4)]  # token 2 is blank
    log_probs = [np.log(0.5), np.log(0.125), -9.0, -0.1, -3.0]
    hello, you = words_in_time(pieces, log_probs, attention, 70 * FRAME)
    assert (hello.text, you.text) == ("Hello,", "you")
    found = np.array([hello.start, hello.end, you.start, you.end])
    assert np.abs(found - np.array([0, 22, 42, 57]) * FRAME).max() <= FRAME
    assert hello.probability == pytest.approx(0.25)
    assert you.probability == pytest.approx(np.exp(-0.1))


def test_the_last_word_of_a_cut_text_lasts_to_the_end() -> None:
    attention = staircase([10, 12, 20])
    pieces = [Piece("a", 0, 1), Piece("b", 1, 3)]
    _, last = words_in_time(pieces, [-0.1] * 3, attention, 42 * FRAME - 7)
    assert abs(last.start - 10 * FRAME) <= FRAME
    assert last.end == 42 * FRAME - 7


def test_a_single_token() -> None:
    (word,) = words_in_time([Piece("a", 0, 1)], [-0.5], staircase([20, 30]), 50 * FRAME)
    assert word.start == 0
    assert abs(word.end - 20 * FRAME) <= FRAME
    (alone,) = words_in_time([Piece("a", 0, 1)], [-0.5], staircase([50]), 50 * FRAME)
    assert (alone.start, alone.end) == (0, 50 * FRAME)


def test_no_words() -> None:
    assert words_in_time([], [], np.zeros((2, 1, 500), np.float32), 16_000) == ()


def test_what_is_looked_at_after_the_sound_does_not_count() -> None:
    attention = np.zeros((2, 3, 500), np.float32)
    attention[:, :, :30] = staircase([10, 10, 10], heads=2)
    attention[:, 0, 400:] = 1.0  # padding
    (first, second) = words_in_time(
        [Piece("a", 0, 1), Piece("b", 1, 2)], [-0.1, -0.1], attention, 30 * FRAME
    )
    assert abs(first.end - 10 * FRAME) <= FRAME
    assert abs(second.end - 20 * FRAME) <= FRAME


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=8),
    st.booleans(),
    st.integers(0, 60 * FRAME),
    st.sampled_from([0, 1, 2]),
    st.integers(0, 2**32 - 1),
)
@REPEATABLE
def test_times_ascend_and_lie_within_the_sound(
    sizes: list[int], cut: bool, samples: int, kind: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    tokens = sum(sizes)
    shape = (2, tokens + (not cut), 50)
    attention = (
        random.dirichlet(np.full(50, 0.1), shape[:2]),
        np.full(shape, 1 / 50),
        np.zeros(shape),
    )[kind].astype(np.float32)
    bounds = np.cumsum([0, *sizes])
    pieces = [
        Piece(f"w{first}", int(first), int(first) + size)
        for first, size in zip(bounds, sizes, strict=False)
    ]
    words = words_in_time(pieces, [-0.2] * (tokens + 1), attention, samples)
    check(words, samples)
    assert [word.text for word in words] == [piece.text for piece in pieces]


def check(words: tuple[Word, ...], samples: int) -> None:
    end = 0
    for word in words:
        assert end <= word.start <= word.end <= samples
        assert isinstance(word.start, int)
        assert isinstance(word.end, int)
        assert 0 < word.probability <= 1
        end = word.end
