"""Stages of a run from base weights to a policy that others can load."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from rich.console import Console  # noqa: E402 - after the libraries it needs

from talkover.core.errors import DataError  # noqa: E402
from talkover.trainer.policy.checkpoint import latest, read_checkpoint  # noqa: E402
from talkover.trainer.stages.run import Run, load_policy, read_metrics  # noqa: E402
from talkover.trainer.stages.sft_stage import train_continued, train_sft  # noqa: E402
from talkover.trainer.stages.stage import Work  # noqa: E402

FEW = {"steps": 2, "examples": 2, "micro": 2, "rate": 1e-2, "teacher": 2.0, "limit": 4}


@pytest.fixture
def begin(recipe, base, tmp_path):
    def begun(**sft):
        run = Run(tmp_path / "run", recipe(sft={**FEW, **sft}), seed=0)
        return Work(run=run, base=base, console=Console(quiet=True))

    return begun


def weights(policy):
    return {name: one.detach() for name, one in policy.named_parameters()}


def test_one_stage_goes_on_where_the_other_ended(begin, base, make):
    work = begin(continued=1)
    with pytest.raises(DataError, match="talkover train sft --run"):
        train_continued(work)
    assert train_sft(work)[:3] == (2, True, "")
    assert train_continued(work)[:3] == (1, True, "")
    folder = work.run.folder
    taught, longer, last = (
        weights(load_policy(folder, stage, base=base)) for stage in ("sft", "sft-continued", "")
    )
    assert all(torch.equal(taught[name], value) for name, value in last.items())  # no control
    assert any(not torch.equal(longer[name], value) for name, value in last.items())
    heard = [
        read_checkpoint(latest(work.run.checkpoints(stage)), make()).told["feeds"][0]["drawn"]
        for stage in ("sft", "sft-continued")
    ]
    assert heard == [4, 6]
    assert {line["stage"] for line in read_metrics(folder)} == {"sft", "sft-continued"}
    assert "| sft-continued | sft | 1 |" in (folder / "card.md").read_text()
    assert (folder / "curves.png").exists()


def test_a_stage_that_is_done_is_left_as_it_is(begin):
    work = begin()
    first = train_sft(work)
    path = latest(work.run.checkpoints("sft"))
    before = path.stat().st_mtime_ns
    again = train_sft(begin())
    assert again[:3] == first[:3]
    assert path.stat().st_mtime_ns == before


def test_the_control_takes_as_long_as_the_stages_that_it_is_compared_with(begin):
    work = begin()
    work.run.record("sft", done=True, steps=10, seconds=5.0)
    with pytest.raises(DataError, match="none is done"):
        train_continued(work)
    work.run.record("rl", done=True, seconds=1.1)
    work.run.record("mine-1", done=True, seconds=0.4)
    work.run.record("mine-2", done=False, seconds=9.0)
    with pytest.raises(DataError, match="no checkpoint"):  # it would go on from
        train_continued(work)
    assert work.run.stages["sft-continued"]["planned"] == 3
