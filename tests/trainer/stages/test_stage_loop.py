"""Training that is interrupted, killed or sent back ends where it should."""

import json
import signal

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.errors import DataError  # noqa: E402 - after the libraries it needs
from talkover.trainer.policy.checkpoint import latest, read_checkpoint  # noqa: E402
from talkover.trainer.policy.windows import Windows  # noqa: E402
from talkover.trainer.stages.feed import Feed  # noqa: E402
from talkover.trainer.stages.loop import Loop  # noqa: E402
from talkover.trainer.stages.pace import Pace  # noqa: E402
from talkover.trainer.stages.run import GOOD, Run, read_metrics  # noqa: E402
from talkover.trainer.stages.sft import Supervised  # noqa: E402
from talkover.trainer.stages.step import Look, Part, Verdict  # noqa: E402

PACE = Pace(steps=5, examples=3, rate=1e-2, warmup=2, lowest=0.1, keep=2, tell=1)


class Says:
    """A watch that says what it was told to, by step."""

    def __init__(self, **said):
        self.said = {int(name[1:]): verdict for name, verdict in said.items()}
        self.seen = 0

    windows = Windows(32_000, 48_000, 0)

    def look(self, step, figures, *, last):
        self.seen += 1
        verdict = self.said.get(step, Verdict.GO)
        return Look(verdict, {"looked": 1.0}, "as told")

    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = state["seen"]


class KilledError(Exception):
    pass


@pytest.fixture
def begin(make, recipe, tmp_path):
    """Loops of one recipe; each is a new process, as far as it can tell."""

    def begun(name="run", watch=None, kill=None, pace=PACE):
        policy, found = make(), recipe(sft={"micro": 2, "teacher": 2.0, "limit": 4})
        step = Supervised(policy, found.sft, make().requires_grad_(False))
        feed = Feed(found.data, seed=3)
        run = Run(tmp_path / name, found, seed=3)
        loop = Loop(policy, step, feed, watch or Says(), run=run, stage="sft", pace=pace, seed=3)

        def tell(step, figures):
            if step == kill:
                raise KilledError

        return policy, loop, tell, run

    return begun


def weights(policy):
    return {name: one.detach().clone() for name, one in policy.named_parameters()}


def same(one, other):
    return all(torch.equal(one[name], value) for name, value in other.items())


@pytest.mark.parametrize("kill", [1, 3])
def test_a_killed_run_ends_with_the_same_weights_and_figures(begin, kill):
    whole, loop, _, kept = begin("whole")
    assert loop.go().done
    _, loop, tell, _ = begin("killed", kill=kill)
    with pytest.raises(KilledError):
        loop.go(tell)
    policy, loop, _, run = begin("killed")
    ended = loop.go()
    assert (ended.step, ended.done) == (5, True)
    assert same(weights(whole), weights(policy))
    assert [line["loss"] for line in read_metrics(run.folder)] == [
        line["loss"] for line in read_metrics(kept.folder)
    ]


def test_it_learns_and_the_checkpoint_says_that_it_is_done(begin, make):
    policy, loop, _, run = begin(pace=Pace(steps=8, examples=3, rate=2e-2, tell=1))
    loop.go()
    lines = read_metrics(run.folder)
    assert lines[-1]["cross_entropy"] < lines[0]["cross_entropy"] - 0.5
    assert {"loss", "rate", "window", "gradient"} <= set(lines[0])
    fresh = make()
    told = read_checkpoint(latest(run.checkpoints("sft")), fresh).told
    assert (told["stage"], told["done"]) == ("sft", True)
    assert same(weights(policy), weights(fresh))


def test_ctrl_c_saves_and_the_same_command_goes_on(begin):
    whole, loop, _, _ = begin("whole")
    loop.go()
    _, loop, _, run = begin("interrupted")

    def press(step, figures):
        if step == 2:
            signal.raise_signal(signal.SIGINT)

    ended = loop.go(press)
    assert (ended.step, ended.done) == (3, False)
    assert latest(run.checkpoints("sft")).name == "step-00000003.safetensors"
    policy, loop, _, _ = begin("interrupted")
    assert loop.go().done
    assert same(weights(whole), weights(policy))


def test_a_watch_sends_it_back_to_the_last_good_weights_and_softens_the_rate(begin):
    good = {}

    def keep(step, figures):
        good[step] = weights(policy)

    policy, loop, _, run = begin(watch=Says(_2=Verdict.GOOD, _4=Verdict.BACK))
    ended = loop.go(keep)
    assert (ended.reason, ended.backs) == ("", ("step 4: as told",))
    assert same(good[2], good[4])
    assert not same(good[2], good[3])
    rates = [line["rate"] for line in read_metrics(run.folder)]
    assert rates[4] == pytest.approx(PACE.rate_at(4) / 2)
    assert latest(run.checkpoints("sft") / GOOD).name == "step-00000002.safetensors"


def test_it_goes_back_to_where_it_began_when_nothing_was_ever_good(begin, make):
    policy, loop, _, _ = begin(watch=Says(_3=Verdict.STOP))
    ended = loop.go()
    assert ended[:3] == (3, True, "as told")
    assert same(weights(policy), weights(make()))
    again, loop, _, _ = begin(watch=Says())
    assert loop.go()[:3] == (3, True, "as told")
    assert same(weights(again), weights(make()))


def test_a_broken_loss_moves_no_weights(begin, make, monkeypatch):
    policy, loop, _, run = begin(pace=Pace(steps=1, examples=2, rate=1.0, tell=1))

    def breaks(self, fed, moment):
        return [Part(sum(weight.sum() for weight in learnt(policy)) * torch.nan)]

    monkeypatch.setattr(Supervised, "__call__", breaks)
    loop.go()
    assert same(weights(policy), weights(make()))
    line = json.loads((run.folder / "metrics.jsonl").read_text())
    assert line["broken"] == 1
    assert "gradient" not in line


def learnt(policy):
    return [one for one in policy.parameters() if one.requires_grad]


def test_a_policy_of_which_nothing_learns_is_refused(begin, make, recipe, tmp_path):
    found = recipe()
    policy = make().requires_grad_(False)
    with Run(tmp_path / "none", found, seed=0) as run, pytest.raises(DataError, match="learns"):
        Loop(policy, None, Feed(found.data), Says(), run=run, stage="sft", pace=PACE)


def test_the_rate_rises_and_falls_as_a_cosine():
    pace = Pace(steps=104, examples=1, rate=1.0, warmup=4, lowest=0.2)
    assert [pace.rate_at(step) for step in range(4)] == [0.2, 0.4, 0.6, 0.8]
    assert pace.rate_at(4) == 1.0
    assert pace.rate_at(54) == pytest.approx(0.6)
    assert pace.rate_at(104) == pytest.approx(0.2)
    assert pace.rate_at(4, softened=2) == 0.25
