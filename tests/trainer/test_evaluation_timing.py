import subprocess
import sys
import time
from pathlib import Path

import pytest

from talkover.trainer.evaluation.timing import (
    Clocks,
    Timing,
    Watch,
    cores_of_others,
    in_turns,
    ratios,
    time_measures,
)

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


def test_what_others_took_is_all_that_was_busy_but_ours():
    begin = Clocks(wall=100, busy=50, own=3)
    assert cores_of_others(begin, Clocks(wall=110, busy=70, own=8)) == pytest.approx(1.5)
    assert cores_of_others(begin, Clocks(wall=110, busy=55, own=8.1)) == 0
    assert cores_of_others(begin, begin) == 0


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="this system does not say")
def test_another_process_at_work_is_seen():
    code = "import time; end = time.monotonic() + 1.5\nwhile time.monotonic() < end: pass"
    watch = Watch()
    with subprocess.Popen([sys.executable, "-c", code]):
        pass
    assert watch.others() > 0.4
