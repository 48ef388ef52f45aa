"""From supervised to rewarded to mined: stages of a run, on a tiny listener that hears nothing."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from rich.console import Console  # noqa: E402 - after the libraries it needs

from talkover.core.errors import DataError  # noqa: E402
from talkover.trainer.data.texts import Split, split_of  # noqa: E402
from talkover.trainer.mining.confusions import Confusions  # noqa: E402
from talkover.trainer.mining.round import FIRST  # noqa: E402
from talkover.trainer.mining.rounds import train_mined  # noqa: E402
from talkover.trainer.policy.written import Written  # noqa: E402
from talkover.trainer.stages.rl import rl_plan, train_rl  # noqa: E402
from talkover.trainer.stages.run import Run, load_policy, read_metrics  # noqa: E402
from talkover.trainer.stages.sft_stage import train_sft  # noqa: E402
from talkover.trainer.stages.stage import Work  # noqa: E402

pytestmark = pytest.mark.slow

TABLES = {
    "sft": {"steps": 1, "examples": 2, "micro": 2, "teacher": 2.0, "limit": 4},
    "rl": {
        "steps": 2,
        "utterances": 2,
        "samples": 2,
        "limit": 3,
        "together": 2,
        "together_every": 2,
        "rate": 1e-2,
    },
    "mine": {"rounds": 2, "pool": 4, "keep": 3, "batch": 2, "steps": 1, "per_speaker": 1.0},
    "data.sources.made": {"recipe": "three_accents"},
}


@pytest.fixture
def begin(recipe, base, tmp_path, monkeypatch):
    monkeypatch.setattr("talkover.trainer.mining.round.find_prompts", lambda _language: [])

    def begun(**mine):
        tables = {**TABLES, "mine": {**TABLES["mine"], **mine}}
        run = Run(tmp_path / "run", recipe(**tables), seed=0)
        return Work(run=run, base=base, console=Console(quiet=True))

    return begun


def weights(policy):
    return {name: one.detach() for name, one in policy.named_parameters()}


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("by", ["rl", "sft"])
def test_each_round_learns_from_what_the_one_before_it_left_wrong(begin, base, by):
    work = begin(by=by)
    with pytest.raises(DataError, match="talkover train sft --run"):
        train_mined(work)
    train_sft(work)
    if by == "rl":
        assert train_rl(work).done
    assert train_mined(work)[:2] == (1, True)
    stages = work.run.stages
    assert [stages[f"mine-{n}"]["after"] for n in (1, 2)] == [by, "mine-1"]
    mined = work.run.folder / "mined"
    first, second = (lines(mined / f"0{n}.jsonl") for n in (1, 2))
    assert 0 < len(first) <= 3
    assert all(split_of(one["text"]) is Split.TRAIN for one in (*first, *second))
    scores = [one["score"] for one in first]
    assert scores == sorted(scores, reverse=True)
    pools = [lines(mined / f"0{n}.heard.jsonl")[0]["pool"] for n in (1, 2)]
    assert [number for _, number in pools[0]] == list(range(FIRST, FIRST + 4))
    again = [[one["epoch"], one["number"]] for one in first]
    assert pools[1] == [*again, *([0, FIRST + 4 + n] for n in range(4))]
    tables = [Confusions.read((mined / f"0{n}.confusions.jsonl").read_text()) for n in (1, 2)]
    counts = [sum(pair.count for pair in table.pairs) for table in tables]
    assert 0 <= counts[0] <= counts[1]
    assert "kept" in (mined / "01.report.html").read_text()
    left, last = (weights(load_policy(work.run.folder, one, base=base)) for one in ("mine-2", ""))
    assert all(torch.equal(left[name], value) for name, value in last.items())
    told = {line["stage"]: line for line in read_metrics(work.run.folder)}
    assert ("reward" in told["mine-2"]) == (by == "rl")


def test_a_round_that_was_broken_off_is_gone_on_with(begin, monkeypatch):
    work = begin(rounds=1)
    train_sft(work)

    class PulledError(Exception):
        pass

    def pulled(*_args, **_more):
        raise PulledError

    with monkeypatch.context() as broken:
        broken.setattr("talkover.trainer.mining.rounds.train_stage", pulled)
        with pytest.raises(PulledError):
            train_mined(work)
    heard = work.run.folder / "mined/01.heard.jsonl"
    chosen = (work.run.folder / "mined/01.jsonl").read_bytes()
    content = heard.read_bytes()
    heard.write_bytes(content[: content.rindex(b"\n", 0, -1) + 9])  # half of its last batch
    again = begin(rounds=1)
    assert train_mined(again).done
    assert heard.read_bytes() == content
    assert (again.run.folder / "mined/01.jsonl").read_bytes() == chosen


def test_every_stage_is_kept_near_to_what_sft_left(begin, base):
    work = begin()
    train_sft(work)
    train_rl(work)
    folder = work.run.folder
    taught, rewarded = (load_policy(folder, stage, base=base) for stage in ("sft", "rl"))
    before = {name: one.clone() for name, one in weights(rewarded).items()}
    plan = rl_plan(work, "later", after="rl", data=work.run.recipe.data, steps=1)
    reference = plan.step(rewarded)._reference
    features = taught.see([np.zeros(16_000, np.float32)], 32_000)
    written = Written.of([[84, 72, 5]], [0])
    with torch.no_grad():
        theirs, ours = (one(features, ("en",), written).log_probs for one in (taught, rewarded))
    found = reference.score(features, ("en",), written).log_probs
    assert torch.allclose(found, theirs, atol=1e-6)
    assert not torch.allclose(found, ours, atol=1e-6)
    assert all(torch.equal(before[name], value) for name, value in weights(rewarded).items())


def test_rewards_come_after_sft(begin):
    with pytest.raises(DataError, match="talkover train sft --run"):
        train_rl(begin())
