"""The policy gradient in the loop: killed, sent back, and gone on with."""

import json
from contextlib import ExitStack

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.errors import DataError  # noqa: E402 - after the libraries it needs
from talkover.trainer.data.recipe import Recipe  # noqa: E402
from talkover.trainer.data.texts import Split, split_of  # noqa: E402
from talkover.trainer.policy.checkpoint import latest, read_checkpoint  # noqa: E402
from talkover.trainer.policy.windows import Windows  # noqa: E402
from talkover.trainer.stages.loop import Loop  # noqa: E402
from talkover.trainer.stages.rl import pace_of  # noqa: E402
from talkover.trainer.stages.rl_groups import Alike, AlikeFeed  # noqa: E402
from talkover.trainer.stages.rl_settings import RlSettings  # noqa: E402
from talkover.trainer.stages.rl_step import RlStep  # noqa: E402
from talkover.trainer.stages.rl_watch import RlWatch  # noqa: E402
from talkover.trainer.stages.run import Run  # noqa: E402
from talkover.trainer.stages.step import Look  # noqa: E402

TABLE = {
    "steps": 3,
    "utterances": 3,
    "samples": 2,
    "limit": 4,
    "kl": 0.01,
    "anchor": 0.1,
    "together": 2,
    "together_every": 2,
    "rate": 1e-2,
    "warmup": 0,
    "window": 2,
    "entropy": 0.01,
    "repetitions": 1.0,
    "deletions": 1.0,
    "kl_token": 1e9,
    "equal": 1.0,
}


class Nobody:
    """A watch that never looks."""

    windows = Windows(32_000, 48_000, 0)

    def look(self, step, figures, *, last):
        return Look()

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class KilledError(Exception):
    pass


@pytest.fixture
def begin(make, recipe, tmp_path):
    """Loops of one recipe; each is a new process, as far as it can tell."""
    opened = ExitStack()

    def begun(name="run", kill=None, **changes):
        policy, found = make(), recipe(rl={**TABLE, **changes})
        step = RlStep(policy, found.rl, found.reward)
        alike = Alike(Recipe.load("dialects17", seed=3), Split.TRAIN, found.rl.together)
        feed = AlikeFeed(
            found.data, alike=alike, every=found.rl.together_every, seed=3, written=True
        )
        opened.callback(feed.close)
        watch = RlWatch(Nobody(), found.rl, looks=False)
        run = Run(tmp_path / name, found, seed=3)
        pace = pace_of(found.rl, found.rl.steps)
        pace = type(pace)(**{**{n: getattr(pace, n) for n in pace.__slots__}, "keep": 1, "tell": 1})
        loop = Loop(policy, step, feed, watch, run=run, stage="rl", pace=pace, seed=3)

        def tell(step, figures):
            if step == kill:
                raise KilledError

        return policy, loop, tell, run

    with opened:
        yield begun


def weights(policy):
    return {name: one.detach().clone() for name, one in policy.named_parameters()}


def same(one, other):
    return all(torch.equal(one[name], value) for name, value in other.items())


def test_a_killed_stage_ends_with_the_same_weights_and_knows_the_accents_again(begin):
    whole, loop, _, kept = begin("whole")
    assert loop.go().done
    _, loop, tell, run = begin("killed", kill=2)
    with pytest.raises(KilledError):
        loop.go(tell)
    told = read_checkpoint(latest(run.checkpoints("rl")), whole).told
    assert told["step"]["accents"]
    policy, loop, _, run = begin("killed")
    assert loop.go().done
    ends = [read_checkpoint(latest(one.checkpoints("rl")), policy).told for one in (kept, run)]
    assert ends[0]["step"] == ends[1]["step"] != told["step"]
    assert ends[0]["watch"] == ends[1]["watch"]
    assert ends[0]["feeds"] == ends[1]["feeds"]
    again, loop, _, _ = begin("whole")
    loop.go()  # done: it only reads what is there
    assert same(weights(again), weights(policy))


def test_a_policy_that_goes_too_far_is_gone_back_with_and_learns_more_slowly(begin):
    """Weights are good after the first step, before which there was no way to go; then never."""
    far = {"kl_token": 1e-9, "window": 1, "restores": 2}
    policy, loop, _, _ = begin(**far, steps=9)
    rates = []
    ended = loop.go(lambda _step, figures: rates.append(figures["rate"]))
    assert (ended.step, ended.done) == (4, True)
    assert "kl_token" in ended.reason
    assert rates == [pytest.approx(rate) for rate in (1e-2, 1e-2, 5e-3, 2.5e-3)]
    once, loop, _, _ = begin("once", **far, steps=1)
    loop.go()
    assert same(weights(once), weights(policy))


def test_one_text_comes_in_several_accents_by_one_voice():
    recipe = Recipe.load("dialects17x5", seed=1)
    alike = Alike(recipe, Split.TRAIN, 3)
    made = [alike.make(number, 0).clean for number in range(6)]
    alike.close()
    for some in (made[:3], made[3:]):
        assert len({one.text for one in some}) == 1
        assert len({one.accent for one in some}) == len({one.name for one in some}) == 3
        assert len({one.speaker for one in some}) == 1
        assert split_of(some[0].text) is Split.TRAIN
    assert made[0].text != made[3].text
    assert alike.accents(0) == tuple(one.accent for one in made[:3])


def test_a_feed_goes_on_from_integers(recipe):
    found = recipe(rl=TABLE)
    windows = Windows(32_000, 48_000, 0)

    def feed():
        alike = Alike(Recipe.load("dialects17", seed=3), Split.TRAIN, 2)
        return AlikeFeed(found.data, alike=alike, every=2, seed=3, written=True)

    first = feed()
    taken = [first.take(3, windows) for _ in range(2)]
    state = json.loads(json.dumps(first.state_dict()))
    later = [first.take(3, windows) for _ in range(2)]
    first.close()
    second = feed()
    second.load_state_dict(state)
    again = [second.take(3, windows) for _ in range(2)]
    second.close()
    names = [[one.name for one in fed.examples] for fed in later]
    assert names == [[one.name for one in fed.examples] for fed in again]
    assert [fed.window for fed in later] == [fed.window for fed in again]
    assert [len(fed.examples) for fed in taken] == [3, 2]
    alike = taken[1].examples
    assert alike[0].words == alike[1].words
    assert alike[0].accent != alike[1].accent


def test_texts_that_are_too_long_in_an_accent_are_left_out(recipe, monkeypatch):
    found = recipe(rl=TABLE)
    alike = Alike(Recipe.load("dialects17", seed=3), Split.TRAIN, 2)
    with AlikeFeed(found.data, alike=alike, every=1, seed=3, written=True) as feed:
        windows = Windows(32_000, 48_000, 0)
        all_of_it = [feed.take(2, windows).examples for _ in range(5)]
        lengths = [max(one.seconds for one in examples) for examples in all_of_it]
        fit = sorted(lengths)[2]  # so that the first ones are too long, or those after them
        feed._most = round(fit * 16_000)
        feed.load_state_dict({**feed.state_dict(), "alike": 0})
        kept = [feed.take(2, windows).examples for _ in range(3)]
        names = [examples[0].name for examples in kept]
        assert names == [
            some[0].name for some, n in zip(all_of_it, lengths, strict=True) if n <= fit
        ]
        monkeypatch.setattr("talkover.trainer.stages.rl_groups._SKIPPED", 2)
        feed._most = 1_000
        with pytest.raises(DataError, match="together_every = 0"):
            feed.take(2, windows)


def test_the_rate_falls_where_the_recipe_wants_it():
    falling = pace_of(RlSettings(rate=1.0, warmup=0, lowest=0.1), 100)
    assert [round(falling.rate_at(step), 2) for step in (0, 50, 100)] == [1.0, 0.55, 0.1]
    assert pace_of(RlSettings(rate=1.0, warmup=0), 100).rate_at(100) == 1.0
