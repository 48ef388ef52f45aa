import time

import pytest

from talkover.trainer.evaluation.timing import Timing, in_turns, ratios, time_measures

S = 16_000


def test_tasks_take_turns_and_the_first_round_does_not_count():
    order = []
    steps = []

    def task(name):
        return lambda: order.append(name) or len(order)

    results, taken = in_turns({"a": task("a"), "b": task("b")}, 3, lambda: steps.append(1))
    assert "".join(order) == "abababab"
    assert results == {"a": 1, "b": 2}
    assert {name: len(times) for name, times in taken.items()} == {"a": 3, "b": 3}
    assert len(steps) == 6


def test_milliseconds_are_what_a_task_takes():
    _, taken = in_turns({"nap": lambda: time.sleep(0.03)}, 2, lambda: None)
    assert all(30 <= value < 300 for value in taken["nap"])


TIMINGS = [
    Timing("encoder", 10 * S, "stock", (90, 100, 400)),
    Timing("encoder", 10 * S, "int8", (30, 20, 25), "12 tokens"),
    Timing("encoder", 30 * S, "int8", (70, 70, 70)),
]


def test_medians_are_told_beside_their_ratio_to_the_same_work_of_stock():
    stock, int8, alone = time_measures(TIMINGS, "stock")
    assert (stock.value, stock.unit, stock.n, stock.note) == (100, "ms", 3, "")
    assert (int8.name, int8.value) == ("encoder, window 10 s, int8", 25)
    assert int8.note == "0.25 of stock; 12 tokens"
    assert alone.note == ""


def test_ratios_are_kept_as_numbers():
    assert ratios(TIMINGS, "stock") == {"encoder, 10 s, int8": pytest.approx(0.25)}
