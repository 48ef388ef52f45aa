from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import ConfigError
from talkover.trainer.gate.decision import gate, worst_mean
from talkover.trainer.gate.outcome import Group, Outcome
from talkover.trainer.gate.verdict import Figures, Gate, Limits, unfit

ACCENTS = tuple(f"accent{n}" for n in range(8))


def spoken(number, errors=2):
    """An utterance of ten words, two of them in another language."""
    condition = ACCENTS[number % len(ACCENTS)]
    return Outcome(
        f"s{number}", Group.SPOKEN, condition, 10, errors, switched=2, switched_errors=1, written=10
    )


def figures(**changes):
    outcomes = (
        *(spoken(number) for number in range(40)),
        *(Outcome(f"p{n}", Group.PEOPLE, "en", 10, 1, written=10) for n in range(10)),
        *(Outcome(f"w{n}", Group.WORDLESS, "") for n in range(4)),
    )
    base = Figures(outcomes, (100.0,) * len(outcomes), 400.0, 1.0)
    return replace(base, **changes)


def changed(which, **values):
    """Figures whose outcomes of a group are others; a value may be a function of the outcome."""
    return figures(
        outcomes=tuple(
            replace(one, **{k: v(one) if callable(v) else v for k, v in values.items()})
            if one.group in which
            else one
            for one in figures().outcomes
        )
    )


def failed(verdict):
    return [finding.gate for finding in verdict.failed]


def test_what_is_the_same_passes_every_gate():
    verdict = gate(figures(), figures())
    assert verdict.passed
    assert verdict.unjudged == ()
    assert [finding.gate for finding in verdict.findings] == list(Gate)
    assert verdict.reason == "passed 11 gates"
    assert all(finding.beyond == 0 for finding in verdict.findings)


@given(st.integers(0, 10))
def test_what_is_better_passes(errors):
    better = changed({Group.SPOKEN}, errors=lambda one: max(0, one.errors - errors))
    assert gate(better, figures()).passed


def test_more_word_errors_are_refused():
    verdict = gate(changed({Group.SPOKEN}, errors=4), figures())
    assert failed(verdict) == [Gate.OVERALL, Gate.WORST]
    overall = verdict.failed[0]
    assert overall.n == 500
    assert overall.interval[0] <= 16.0 <= overall.interval[1]
    assert overall.value == overall.interval[1]
    assert overall.beyond == pytest.approx(overall.value - 2.0)
    assert "18.0 -> 34.0 %, +16.00 points" in overall.note
    assert "word errors: " in verdict.reason
    assert f"beyond by {overall.beyond:.3g}" in verdict.reason


def test_a_difference_that_may_be_large_is_refused_though_its_mean_is_small():
    errors = {f"s{n}": 10 if n % 8 == 0 else 1 for n in range(40)}
    wild = changed({Group.SPOKEN}, errors=lambda one: errors[one.name])
    limits = Limits(worst=100.0)
    assert failed(gate(wild, figures(), limits)) == [Gate.OVERALL]
    assert gate(wild, figures(), Limits(worst=100.0, overall=30.0)).passed


def test_a_few_accents_must_not_pay_for_the_others():
    paid = changed({Group.SPOKEN}, errors=lambda one: 4 if one.condition in ACCENTS[:3] else 0)
    assert failed(gate(paid, figures())) == [Gate.WORST]


def test_the_worst_five_are_each_bundles_own():
    outcomes = [Outcome(str(n), Group.SPOKEN, f"a{n}", 10, n) for n in range(8)]
    assert worst_mean(outcomes) == pytest.approx(50.0)
    assert worst_mean(outcomes[:2]) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("which", "group", "values"),
    [
        (Gate.DELETIONS, Group.SPOKEN, {"deletions": 1}),
        (Gate.REPETITION, Group.SPOKEN, {"repeats": True}),
        (Gate.SWITCHED, Group.SPOKEN, {"switched_errors": 2}),
        (Gate.PEOPLE, Group.PEOPLE, {"errors": lambda one: 1 + (one.name in ("p0", "p1"))}),
        (Gate.INVENTION, Group.WORDLESS, {"written": lambda one: int(one.name in ("w0", "w1"))}),
    ],
)
def test_each_rate_has_a_gate_of_its_own(which, group, values):
    assert failed(gate(changed({group}, **values), figures())) == [which]


def test_more_switches_are_heard_for_their_own_gate_alone():
    more = tuple(
        Outcome(f"s{n}", Group.SWITCHED, "tag", 10, 1, switched=3, switched_errors=1, written=10)
        for n in range(20)
    )
    base = figures(outcomes=figures().outcomes + more, milliseconds=(100.0,) * 74)
    worse = tuple(replace(one, errors=9, deletions=9, switched_errors=3) for one in more)
    other = replace(base, outcomes=figures().outcomes + worse)
    assert failed(gate(other, base)) == [Gate.SWITCHED]


def test_a_single_word_is_let_through():
    one = changed({Group.PEOPLE}, errors=lambda one: 1 + (one.name == "p0"))
    strict = Limits(people=0.5)
    verdict = gate(one, figures(), strict)
    assert verdict.passed
    (people,) = (finding for finding in verdict.findings if finding.gate is Gate.PEOPLE)
    assert (people.value, people.limit) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("which", "changes", "limits"),
    [
        (Gate.LATENCY, {"milliseconds": (130.0,) * 54}, {"latency": 1.4}),
        (Gate.MEMORY, {"megabytes": 520.0}, {"memory": 1.4}),
        (Gate.GOLDEN, {"golden": 0.95}, {"golden": 0.9}),
    ],
)
def test_what_is_served_is_measured(which, changes, limits):
    verdict = gate(figures(**changes), figures())
    assert failed(verdict) == [which]
    assert verdict.failed[0].beyond == pytest.approx(0.05)
    assert gate(figures(**changes), figures(), Limits(**limits)).passed


def test_a_slow_minute_is_slow_for_both():
    slow = tuple(100.0 if n < 20 else 1000.0 for n in range(54))
    assert gate(figures(milliseconds=slow), figures(milliseconds=slow)).passed
    assert failed(gate(figures(milliseconds=slow), figures())) == [Gate.LATENCY]


def test_golden_outputs_must_have_been_recorded():
    verdict = gate(figures(golden=None), figures(golden=None))
    assert failed(verdict) == [Gate.GOLDEN]
    assert "none are recorded" in verdict.reason


def test_what_cannot_be_judged_is_named():
    only = figures().outcomes[40:50]
    some = Figures(only, (1.0,) * 10, 1.0, 1.0)
    verdict = gate(some, some)
    assert verdict.passed
    assert verdict.unjudged == (Gate.WORST, Gate.SWITCHED, Gate.INVENTION)


def test_bundles_must_have_heard_the_same():
    with pytest.raises(ConfigError, match="different sounds"):
        gate(figures(outcomes=figures().outcomes[1:]), figures())
    silent = Figures(figures().outcomes[50:], (1.0,) * 4, 1.0, 1.0)
    with pytest.raises(ConfigError, match="nothing was said"):
        gate(silent, silent)


def test_what_cannot_be_loaded_is_refused():
    verdict = unfit("its graph is broken")
    assert not verdict.passed
    assert verdict.reason == "refused: loads and hears: its graph is broken"
    assert Gate.OVERALL in verdict.unjudged


@pytest.mark.parametrize("wrong", [{"overall": -1}, {"people": 101}, {"latency": 0}, {"golden": 2}])
def test_limits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ConfigError):
        Limits(**wrong)
