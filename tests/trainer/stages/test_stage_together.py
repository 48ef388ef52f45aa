"""Two processes train what one would, and one of them writes."""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.trainer.stages.together import Place, joined  # noqa: E402 - after the library

TRAINING = '''
"""A toy that two processes train, each on numbers of its own."""
import torch
from talkover.trainer.stages.together import joined

with joined() as place:
    weight = torch.nn.Parameter(torch.ones(3))
    other = torch.nn.Parameter(torch.ones(2))
    if place.first:
        (weight * torch.tensor([2.0, 4.0, 6.0])).sum().backward()
    else:
        (other.sum() * 8).backward()
    place.average([weight, other])
    states = place.gather({"b": 10 * place.rank, "a": 7})
    print(weight.grad.tolist(), other.grad.tolist(), place.agree([place.rank, 5]), states)
'''


def test_one_process_is_by_itself():
    with joined() as place:
        assert place == Place()
    assert place.agree([3, 1]) == [3, 1]
    assert place.gather({"b": 1, "a": 2}) == [{"a": 2, "b": 1}]
    weight = torch.nn.Parameter(torch.ones(1))
    place.average([weight])
    assert weight.grad is None


@pytest.mark.slow
def test_two_processes_have_the_same_gradients_and_know_of_each_other(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(TRAINING)
    starter = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*starter, str(script)], capture_output=True, text=True, check=True)
    lines = done.stdout.strip().splitlines()
    states = [{"a": 7, "b": 0}, {"a": 7, "b": 10}]
    assert lines == [f"[1.0, 2.0, 3.0] [4.0, 4.0] [1, 5] {states}"] * 2
