"""Training that was killed goes on as if it had not been."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from safetensors.torch import save_file  # noqa: E402 - after the libraries it needs

from talkover.core.errors import DataError  # noqa: E402
from talkover.trainer.policy.checkpoint import (  # noqa: E402
    Progress,
    latest,
    read_checkpoint,
    write_checkpoint,
)

from .learning import Run, learnt_by  # noqa: E402


def write(run, folder, **options):
    progress = Progress(run.step, {"stream": {"step": 2 * run.step}})
    return write_checkpoint(folder, run.policy, run.optimiser, progress, **options)


def read(run, path):
    progress = read_checkpoint(path, run.policy, run.optimiser)
    run.step = progress.step
    return progress


def same(one, other):
    mine, others = (run.policy.state_dict() for run in (one, other))
    return all(torch.equal(mine[name], value) for name, value in others.items())


@pytest.mark.parametrize("rank", [0, 4])
def test_a_run_that_was_killed_ends_with_the_same_weights_bit_for_bit(make, sounds, tmp_path, rank):
    whole = Run(make(rank), sounds).train(4)
    write(Run(make(rank), sounds).train(2), tmp_path)
    resumed = Run(make(rank), sounds)
    progress = read(resumed, latest(tmp_path))
    assert progress == Progress(2, {"stream": {"step": 4}})
    assert not same(resumed, whole)
    assert same(resumed.train(2), whole)
    assert resumed.optimiser.param_groups[0]["betas"] == (0.8, 0.99)


def test_weights_alone_can_be_had(make, sounds, tmp_path):
    run = Run(make(4), sounds).train(1)
    fresh = make(4, seed=9)
    read_checkpoint(write(run, tmp_path), fresh)
    assert same(Run(fresh, sounds), run)


def test_the_oldest_go_and_nothing_else_remains(make, sounds, tmp_path):
    run = Run(make(2), sounds)
    (tmp_path / ".step-00000012.safetensors.4711.partial").write_bytes(b"killed")
    assert latest(tmp_path) is None
    for step in (9, 10, 11):
        run.step = step
        path = write(run, tmp_path, keep=2)
    assert latest(tmp_path) == path
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["step-00000010.safetensors", "step-00000011.safetensors"]
    assert latest(tmp_path / "nothing") is None


def test_a_checkpoint_holds_what_learns_and_no_more(make, sounds, tmp_path):
    from safetensors import safe_open

    path = write(Run(make(4), sounds).train(1), tmp_path)
    with safe_open(path, "pt") as file:
        names = list(file.keys())
        assert json.loads(file.metadata()["groups"])[0]["lr"] == 1e-2
    kinds = {name.rpartition(".")[2] for name in names if name.startswith("weight/")}
    states = {name.rpartition("/")[2] for name in names if name.startswith("optimiser/")}
    assert kinds == {"down", "up"}
    assert states == {"step", "exp_avg", "exp_avg_sq"}


def test_what_is_no_checkpoint_is_refused(make, tmp_path):
    broken = tmp_path / "step-00000001.safetensors"
    broken.write_bytes(b"half of it")
    with pytest.raises(DataError, match="no checkpoint"):
        read_checkpoint(broken, make())
    save_file({"weight": torch.zeros(1)}, broken)
    with pytest.raises(DataError, match="of this version"):
        read_checkpoint(broken, make())
    with pytest.raises(DataError, match="no checkpoint"):
        read_checkpoint(tmp_path / "missing", make())


def test_a_checkpoint_of_other_weights_is_refused_and_changes_nothing(make, sounds, tmp_path):
    path = write(Run(make(4), sounds).train(1), tmp_path)
    for other in (make(), make(2)):
        run = Run(other, sounds)
        before = {name: value.clone() for name, value in other.state_dict().items()}
        with pytest.raises(DataError, match="another model"):
            read(run, path)
        assert all(torch.equal(before[name], value) for name, value in other.state_dict().items())
    two = make(4)
    learnt = learnt_by(two)
    groups = [{"params": learnt[:1]}, {"params": learnt[1:]}]
    with pytest.raises(DataError, match="another model"):
        read_checkpoint(path, two, torch.optim.AdamW(groups))
