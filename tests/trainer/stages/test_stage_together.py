"""Two processes train what one would, and one of them writes."""

import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors import safe_open  # noqa: E402 - after the libraries it needs

from talkover.trainer.policy.checkpoint import latest  # noqa: E402
from talkover.trainer.stages.together import Place, joined  # noqa: E402

TRAINING = '''
"""A toy that two processes train, each on numbers of its own."""
import sys

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
    told = [weight.grad.tolist(), other.grad.tolist(), place.agree([place.rank, 5]), states]
    sys.stdout.write(" ".join(map(str, told)) + "\\n")  # at once: the other writes, too
'''

STAGE = '''
"""A stage of a tiny Whisper by two processes."""
import sys
from pathlib import Path

from rich.console import Console

from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.run import Run
from talkover.trainer.stages.sft_stage import train_continued, train_sft
from talkover.trainer.stages.stage import Work
from talkover.trainer.stages.together import joined

recipe, base, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
with joined() as place:
    if not place.first:
        place.agree([0])
    run = Run(folder, TrainingRecipe.load(recipe), seed=0, writes=place.first)
    if place.first:
        place.agree([0])
    work = Work(run=run, base=base, console=Console(quiet=True), place=place)
    ended = [train_sft(work), train_continued(work)]
    told = [place.rank, *(one.step for one in ended)]
    sys.stdout.write(" ".join(map(str, told)) + "\\n")  # at once: the other writes, too
'''


def test_one_process_is_by_itself():
    with joined() as place:
        assert place == Place()
    assert place.agree([3, 1]) == [3, 1]
    assert place.gather({"b": 1, "a": 2}) == [{"a": 2, "b": 1}]
    weight = torch.nn.Parameter(torch.ones(1))
    place.average([weight])
    assert weight.grad is None


def start_two(script, *arguments):
    starter = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*starter, script, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.strip().splitlines())


@pytest.mark.slow
def test_two_processes_have_the_same_gradients_and_know_of_each_other(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(TRAINING)
    lines = start_two(script)
    states = [{"a": 7, "b": 0}, {"a": 7, "b": 10}]
    assert lines == [f"[1.0, 2.0, 3.0] [4.0, 4.0] [1, 5] {states}"] * 2


@pytest.mark.slow
def test_two_processes_train_stages_of_one_run(recipe, base, tmp_path):
    few = {"steps": 2, "examples": 2, "micro": 2, "teacher": 2.0, "limit": 4, "continued": 1}
    (tmp_path / "tiny.toml").write_text(recipe(sft=few).to_toml())
    (tmp_path / "stage.py").write_text(STAGE)
    folder = tmp_path / "run"
    lines = start_two(tmp_path / "stage.py", tmp_path / "tiny.toml", base, folder)
    assert lines == ["0 2 1", "1 2 1"]
    stages = json.loads((folder / "run.json").read_text())["stages"]
    assert {name: known["done"] for name, known in stages.items()} == {
        "sft": True,
        "sft-continued": True,
    }
    with safe_open(latest(folder / "checkpoints" / "sft-continued"), "pt") as file:
        feeds = json.loads(file.metadata()["told"])["feeds"]
    assert [feed["drawn"] for feed in feeds] == [6, 6]
    assert feeds[0] != feeds[1]
