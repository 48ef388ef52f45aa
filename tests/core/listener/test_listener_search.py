import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from talkover.core.listener import ListenRequest
from talkover.core.listener.search import (
    BeamSearch,
    Candidate,
    Sampling,
    Search,
    is_cut,
    loop_length,
    search_for,
)

Model = Callable[[tuple[int, ...]], NDArray[np.float32]]

WORDS, END = 3, 3
"""A toy language: tokens 0, 1, 2 and the end."""

REPEATABLE = settings(derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def toy(seed: int, vocabulary: int = 128) -> Model:
    """Log-probabilities that depend on all that came before; nothing but the toy tokens occurs."""

    def after(tokens: tuple[int, ...]) -> NDArray[np.float32]:
        random = np.random.default_rng([seed, zlib.crc32(bytes(tokens))])
        odds = random.dirichlet(np.ones(WORDS + 1))
        row = np.full(vocabulary, -np.inf, np.float32)
        row[: WORDS + 1] = np.log(np.maximum(odds, 1e-6))
        return row

    return after


def markov(seed: int, size: int = 20) -> Model:
    """Log-probabilities that depend on the token before."""
    table = np.random.default_rng(seed).normal(0, 2, (size + 1, size)).astype(np.float32)
    table -= np.log(np.exp(table).sum(axis=1, keepdims=True))
    return lambda tokens: table[tokens[-1] if tokens else size]


def run(search: Search, model: Model) -> list[Candidate]:
    """Drive a search as the runtime does, and hold it to its bookkeeping."""
    rows: list[tuple[int, ...]] = [()]
    for _ in range(1000):
        steps = search.advance(np.stack([model(row) for row in rows]))
        if not steps:
            return search.results()
        rows = [(*rows[row], token) for row, token in steps]
        assert rows == [candidate.tokens for candidate in search.live]
    pytest.fail("the search does not end")


def every_text(model: Model, limit: int, end: int = END) -> Iterator[tuple[tuple[int, ...], float]]:
    """Each text that the toy model can say within the limit, and its log-probability."""

    def longer(tokens: tuple[int, ...], total: float) -> Iterator[tuple[tuple[int, ...], float]]:
        if len(tokens) == limit:
            yield tokens, total
            return
        row = model(tokens)
        yield tokens, total + float(row[end])
        for token in range(WORDS):
            yield from longer((*tokens, token), total + float(row[token]))

    yield from longer((), 0.0)


def rescored(candidate: Candidate, model: Model, end: int) -> list[float]:
    tokens = (*candidate.tokens, end) if candidate.complete else candidate.tokens
    return [float(model(tokens[:place])[token]) for place, token in enumerate(tokens)]


def check_candidates(found: list[Candidate], model: Model, end: int, limit: int) -> None:
    means = [candidate.mean for candidate in found]
    assert means == sorted(means, reverse=True)
    for candidate in found:
        assert list(candidate.log_probs) == rescored(candidate, model, end)
        assert candidate.total == pytest.approx(sum(candidate.log_probs))
        assert candidate.mean == pytest.approx(candidate.total / (len(candidate.tokens) + 1))
        assert end not in candidate.tokens
        if candidate.complete:
            assert not is_cut(candidate.tokens, limit)


@given(SEEDS, st.integers(1, 40))
@REPEATABLE
def test_a_beam_of_one_is_greedy(seed: int, limit: int) -> None:
    model, end = markov(seed), 7
    expected: list[int] = []
    while not is_cut(expected, limit) or not expected:
        token = int(model(tuple(expected)).argmax())
        if token == end:
            break
        expected.append(token)
    (found,) = run(BeamSearch(end, 1, limit), model)
    kept = len(expected) - loop_length(expected)
    assert list(found.tokens) == expected[:kept]
    assert found.complete == (not is_cut(expected, limit))
    check_candidates([found], model, end, limit)


@given(SEEDS, st.integers(1, 3))
@REPEATABLE
def test_a_beam_as_wide_as_the_tree_finds_all_in_order(seed: int, limit: int) -> None:
    model = toy(seed)
    ranked = sorted(
        every_text(model, limit), key=lambda text: text[1] / (len(text[0]) + 1), reverse=True
    )
    found = run(BeamSearch(END, len(ranked), limit), model)
    check_candidates(found, model, END, limit)
    assert len(found) == len(ranked)
    totals = dict(ranked)
    assert {candidate.tokens for candidate in found} == set(totals)
    for candidate, (_, best) in zip(found, ranked, strict=True):
        assert candidate.total == pytest.approx(totals[candidate.tokens], abs=1e-4)
        assert candidate.mean == pytest.approx(best / (len(_) + 1), abs=1e-4)


@given(SEEDS, st.integers(2, 10), st.integers(1, 6))
@REPEATABLE
def test_a_narrow_beam_is_ranked_and_honest(seed: int, width: int, limit: int) -> None:
    model = toy(seed)
    found = run(BeamSearch(END, width, limit), model)
    check_candidates(found, model, END, limit)
    assert 1 <= len(found) <= width
    assert len({candidate.tokens for candidate in found}) == len(found)
    texts = dict(every_text(model, limit))
    best = max(total / (len(tokens) + 1) for tokens, total in texts.items())
    assert found[0].mean <= best + 1e-4


def test_a_beam_sees_past_a_tempting_beginning() -> None:
    after = {
        (): [0.55, 0.45, 0.0, 0.0],
        (0,): [0.34, 0.33, 0.32, 0.01],
        (1,): [0.01, 0.0, 0.0, 0.99],
    }

    def model(tokens: tuple[int, ...]) -> NDArray[np.float32]:
        odds = after.get(tokens, [0.0, 0.0, 0.0, 1.0])
        row = np.full(16, -np.inf, np.float32)
        row[:4] = np.log(np.maximum(odds, 1e-9))
        return row

    (greedy,) = run(BeamSearch(END, 1, 5), model)
    best, *_ = run(BeamSearch(END, 2, 5), model)
    assert greedy.tokens == (0, 0)
    assert best.tokens == (1,)
    assert best.total == pytest.approx(np.log(0.45 * 0.99), abs=1e-5)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_beam_is_over_when_as_many_texts_have_ended(width: int) -> None:
    row = np.full(64, -np.inf, np.float32)
    row[[2, END]] = np.log([0.4, 0.6])
    search, calls = BeamSearch(END, width, 40), 1
    while search.advance(row[None]):
        calls += 1
    assert calls == width
    assert [len(candidate.tokens) for candidate in search.results()] == [*range(width)]


def test_tokens_that_cannot_come_do_not() -> None:
    row = np.full(64, -np.inf, np.float32)
    row[[2, END]] = np.log([0.7, 0.3])
    found = run(BeamSearch(END, 8, 3), lambda _: row)
    assert sorted(candidate.tokens for candidate in found) == [(), (2,), (2, 2), (2, 2, 2)]


@pytest.mark.parametrize("limit", [1, 4, 23])
@pytest.mark.parametrize("width", [1, 3])
def test_the_limit_cuts(width: int, limit: int) -> None:
    row = np.log(np.array([0.6, 0.2, 0.1, 1e-9, *[0.1 / 12] * 12], np.float32))
    for search in (
        BeamSearch(END, width, limit),
        Sampling(END, width, limit, np.random.default_rng(1)),
    ):
        found = run(search, lambda _: row)
        assert len(found) == width
        for candidate in found:
            assert len(candidate.tokens) == len(candidate.log_probs) == limit
            assert not candidate.complete


@pytest.mark.parametrize("width", [1, 5])
def test_a_loop_is_cut_long_before_the_limit(width: int) -> None:
    turns = {0: 1, 1: 2, 2: 0}

    def model(tokens: tuple[int, ...]) -> NDArray[np.float32]:
        row = np.full(64, -12.0, np.float32)
        row[turns[tokens[-1]] if tokens and tokens[-1] in turns else 0] = -1e-3
        return row

    best, *_ = run(BeamSearch(END, width, 444), model)
    assert not best.complete
    assert best.tokens == (0, 1, 2)  # what is repeated stays once


@given(SEEDS)
@REPEATABLE
def test_samples_are_ranked_and_honest(seed: int) -> None:
    model, end = markov(seed), 7
    found = run(Sampling(end, 5, 30, np.random.default_rng(seed)), model)
    assert len(found) == 5
    check_candidates(found, model, end, 30)


def test_samples_follow_the_odds() -> None:
    model, limit, count = toy(11), 2, 6000
    odds = {tokens: exp(total) for tokens, total in every_text(model, limit)}
    assert sum(odds.values()) == pytest.approx(1, abs=1e-4)
    found = run(Sampling(END, count, limit, np.random.default_rng(2)), model)
    assert len(found) == count
    for tokens, share in odds.items():
        drawn = sum(candidate.tokens == tokens for candidate in found) / count
        assert abs(drawn - share) < 4 * (share / count) ** 0.5 + 1e-4


def test_samples_repeat_with_their_seed() -> None:
    def draw(seed: int) -> list[Candidate]:
        return run(Sampling(7, 4, 30, np.random.default_rng(seed)), markov(3))

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_the_request_decides() -> None:
    random = np.random.default_rng(0)
    pcm = np.zeros(0, np.float32)
    beam = search_for(ListenRequest(pcm, n_best=3), END, 9, random)
    assert isinstance(beam, BeamSearch)
    assert (beam.end, beam.width, beam.limit) == (END, 3, 9)
    sampling = search_for(ListenRequest(pcm, n_best=3, temperature=0.5), END, 9, random)
    assert isinstance(sampling, Sampling)
    assert (sampling.end, sampling.count, sampling.limit) == (END, 3, 9)


@given(
    st.integers(1, 12),
    st.integers(1, 40),
    st.data(),
)
@REPEATABLE
def test_a_unit_is_a_loop_from_24_tokens_and_4_repeats_on(
    unit: int, repeats: int, data: st.DataObject
) -> None:
    before = list(range(100, 100 + data.draw(st.integers(0, 30))))
    begun = data.draw(st.integers(0, unit - 1))  # of the next repeat
    word = list(range(unit))
    tokens = [*before, *word * repeats, *word[:begun]]
    said = unit * repeats + begun
    if said >= max(24, 4 * unit):
        assert loop_length(tokens) == said - unit
    else:
        assert loop_length(tokens) == 0
    assert loop_length([*tokens, 999]) == 0


@given(st.integers(3, 12))
@REPEATABLE
def test_eight_times_the_same_is_a_loop(unit: int) -> None:
    assert loop_length([*range(unit)] * 8) == 7 * unit


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        [5],
        [5] * 4,  # no no no no
        [5, 6] * 4,  # bye, bye, bye, bye,
        [1, 2, 3, *[5] * 20],
        [*range(11)] * 3,
        [*range(13)] * 8,  # a longer unit than anything loops in
        list(range(200)),
    ],
)
def test_what_people_say_is_no_loop(tokens: list[int]) -> None:
    assert loop_length(tokens) == 0
    assert not is_cut(tokens, len(tokens) + 1)
    assert is_cut(tokens, len(tokens))


@given(st.lists(st.integers(0, 1), max_size=60), st.integers(1, 4), st.integers(0, 12))
@REPEATABLE
def test_a_loop_is_what_the_definition_says(parts: list[int], unit: int, repeats: int) -> None:
    tokens = [*parts, *parts[-unit:] * repeats]

    def repeats_itself(period: int) -> bool:
        least = max(24, 4 * period)
        tail = tokens[-least:]
        return len(tail) == least and tail[period:] == tail[:-period]

    assert (loop_length(tokens) > 0) == any(repeats_itself(period) for period in range(1, 13))


@given(st.lists(st.floats(-20, 0), max_size=20), st.floats(-20, 0))
@REPEATABLE
def test_a_candidate_adds_up(log_probs: list[float], last: float) -> None:
    growing = Candidate()
    totals = [0.0]
    for token, log_prob in enumerate(log_probs):
        growing = growing.then(token, log_prob)
        totals.append(growing.total)
    assert growing.tokens == tuple(range(len(log_probs)))
    assert not growing.complete
    assert all(after <= before for before, after in pairwise(totals))
    ended = growing.ended(last)
    assert ended.complete
    assert ended.tokens == growing.tokens
    assert ended.total == pytest.approx(sum(log_probs) + last)
