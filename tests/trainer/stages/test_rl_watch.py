"""What a policy must not come to, and what is done about it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.errors import ConfigError
from talkover.trainer.policy.windows import Windows
from talkover.trainer.stages.rl_settings import RlSettings
from talkover.trainer.stages.rl_watch import WATCHED, RlWatch, wrong
from talkover.trainer.stages.step import Look, Verdict

SETTINGS = RlSettings(window=3, restores=2)
FINE = {
    "deletions": 0.05,
    "repetitions": 0.0,
    "kl_token": 0.02,
    "entropy": 0.4,
    "equal_groups": 0.3,
}
BAD = {
    "deletions": 0.9,
    "repetitions": 0.9,
    "kl_token": 9.0,
    "entropy": 0.0,
    "equal_groups": 1.0,
}


class Inner:
    """A watch that says what it is told to."""

    def __init__(self, *verdicts):
        self.verdicts, self.asked = list(verdicts), 0

    @property
    def windows(self):
        return Windows()

    def look(self, step, figures, *, last):
        self.asked += 1
        return Look(self.verdicts.pop(0) if self.verdicts else Verdict.GO)

    def state_dict(self):
        return {"asked": self.asked}

    def load_state_dict(self, state):
        self.asked = state["asked"]


def watch(*verdicts, looks=True):
    return RlWatch(Inner(*verdicts), SETTINGS, looks=looks)


def verdicts(one, *steps):
    return [one.look(n, figures, last=False).verdict for n, figures in enumerate(steps, start=1)]


@pytest.mark.parametrize("name", WATCHED)
def test_each_figure_alone_sends_back_after_enough_steps(name):
    bad = {**FINE, name: BAD[name]}
    one = watch()
    assert verdicts(one, bad, bad) == [Verdict.GO] * 2
    look = one.look(3, bad, last=False)
    assert look.verdict is Verdict.BACK
    assert name in look.reason


def test_what_is_fine_is_left_to_the_other_watch():
    one = watch(Verdict.GO, Verdict.GOOD, Verdict.GO, Verdict.STOP)
    assert verdicts(one, *[FINE] * 4) == [Verdict.GO, Verdict.GOOD, Verdict.GO, Verdict.STOP]


def test_where_nobody_looks_weights_are_good_when_their_figures_are():
    one = watch(looks=False)
    assert verdicts(one, *[FINE] * 3, *[BAD] * 2) == [
        *(Verdict.GO, Verdict.GO, Verdict.GOOD),
        *(Verdict.BACK, Verdict.GO),
    ]


def test_it_goes_back_so_often_and_then_stops():
    one = watch()
    found = verdicts(one, *[BAD] * 9)
    assert [verdict for verdict in found if verdict is not Verdict.GO] == [
        *(Verdict.BACK, Verdict.BACK, Verdict.STOP)
    ]


def test_a_stage_does_not_end_on_bad_weights():
    one = watch()
    verdicts(one, BAD, BAD)
    assert one.look(3, BAD, last=True).verdict is Verdict.STOP


def test_it_goes_on_from_what_it_remembers():
    steps = [BAD] * 9
    whole = verdicts(watch(), *steps)
    first = watch()
    begun = verdicts(first, *steps[:4])
    second = watch()
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert begun + verdicts(second, *steps[4:]) == whole


@given(
    st.lists(
        st.tuples(*[st.one_of(st.none(), st.floats(0, 1))] * len(WATCHED)), min_size=3, max_size=3
    )
)
@settings(max_examples=50)
def test_only_means_are_looked_at_and_what_is_not_there_is_not(seen):
    known = [
        [value for one in seen if (value := one[place]) is not None]
        for place in range(len(WATCHED))
    ]
    means = [sum(some) / len(some) if some else None for some in known]
    limits = (0.3, 0.15, 0.5, None, 0.95)
    over = any(
        mean is not None and limit is not None and mean > limit
        for mean, limit in zip(means, limits, strict=True)
    )
    over = over or (means[3] is not None and means[3] < SETTINGS.least_entropy)
    assert bool(wrong(tuple(seen), SETTINGS)) == over
    assert wrong(tuple(seen[:2]), SETTINGS) == ""


@pytest.mark.parametrize(
    "given",
    [{"estimator": "guess"}, {"samples": 1}, {"softer": 1.0}, {"temperature": 0}, {"micro": 0}],
)
def test_settings_out_of_range_are_refused(given):
    with pytest.raises(ConfigError, match=f"rl: {next(iter(given))} = "):
        RlSettings(**given)


def test_one_sample_is_enough_where_the_likeliest_is_the_baseline():
    assert RlSettings(samples=1, estimator="self-critical").samples == 1
