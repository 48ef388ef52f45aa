import subprocess
import sys

import pytest

from talkover.server.workers.lines import OwnLines, SharedLines


@pytest.fixture
def shared(tmp_path):
    made = [SharedLines(tmp_path / "lines", 3, 4, worker) for worker in range(3)]
    yield made
    for lines in made:
        lines.close()


def test_one_process_counts_to_its_limit():
    lines = OwnLines(2)
    assert [lines.take(), lines.take(), lines.take()] == [True, True, False]
    lines.give()
    assert lines.taken() == 1
    assert lines.take()


def test_the_limit_is_over_all_processes(shared):
    first, second, third = shared
    assert all(lines.take() for lines in (first, first, second, third))
    assert not any(lines.take() for lines in shared)
    assert first.taken() == 4
    second.give()
    assert third.take()
    assert not first.take()


def test_what_a_dead_worker_held_is_free_again(shared):
    first, second, _ = shared
    for _ in range(4):
        assert second.take()
    assert not first.take()
    first.clear(1)
    assert first.taken() == 0
    assert first.take()


def test_nothing_goes_below_zero(shared):
    shared[0].give()
    assert shared[0].taken() == 0


def test_many_processes_never_take_one_too_many(tmp_path):
    """Four processes grab what they can at the same time; together they get exactly the limit."""
    grab = (
        "import sys; from pathlib import Path; "
        "from talkover.server.workers.lines import SharedLines; "
        "lines = SharedLines(Path(sys.argv[1]), 4, 300, int(sys.argv[2])); "
        "print(sum(lines.take() for _ in range(200)))"
    )
    path = str(tmp_path / "lines")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", grab, path, str(worker)], stdout=subprocess.PIPE, text=True
        )
        for worker in range(4)
    ]
    taken = [int(process.communicate(timeout=60)[0]) for process in started]
    assert sum(taken) == 300
