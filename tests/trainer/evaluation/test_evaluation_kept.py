"""Findings that are kept as they come; and what is made while something else is used."""

import threading

import pytest

from talkover.core.errors import DataError
from talkover.trainer.evaluation.ahead import ahead
from talkover.trainer.evaluation.kept import Kept

HEAD = {"of": "this"}


def kept(path, head=None):
    return Kept(path, head or HEAD, lambda one: {"n": one}, lambda given: given["n"])


def test_what_is_kept_is_there_again_in_a_folder_that_was_not(tmp_path):
    path = tmp_path / "new" / "a.jsonl"
    kept(path).add([1, 2])
    again = kept(path)
    again.add([3])
    assert kept(path).all == again.all == [1, 2, 3]


def test_what_a_kill_broke_off_is_dropped(tmp_path):
    path = tmp_path / "a.jsonl"
    kept(path).add([1])
    path.write_text(path.read_text() + '{"n": 2')
    assert kept(path).all == [1]
    assert path.read_text().endswith('{"n": 1}\n')


@pytest.mark.parametrize("line", ["{}", '"n"', "{"])
def test_what_is_damaged_or_of_something_else_is_not_gone_on_with(tmp_path, line):
    path = tmp_path / "a.jsonl"
    kept(path).add([1])
    with pytest.raises(DataError, match="something else; name another file"):
        kept(path, {"of": "that"})
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match="damaged; remove it"):
        kept(path)


def test_without_a_file_nothing_is_kept():
    one = kept(None)
    one.add([1])
    assert one.all == [1]


def test_the_next_is_made_while_the_last_is_used():
    begun = [threading.Event() for _ in range(3)]

    def make(number):
        begun[number].set()
        return 10 * number

    found = []
    for made in ahead(range(3), make):
        following = made // 10 + 1
        if following < 3:
            assert begun[following].wait(5)
        assert not any(event.is_set() for event in begun[following + 1 :])
        found.append(made)
    assert found == [0, 10, 20]
    assert list(ahead([], make)) == []


def test_what_cannot_be_made_is_told():
    def make(number):
        raise DataError(f"no {number}")

    with pytest.raises(DataError, match="no 1"):
        list(ahead([1, 2], make))
