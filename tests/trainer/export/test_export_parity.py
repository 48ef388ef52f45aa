from dataclasses import replace

import pytest

from talkover.core.errors import ModelError
from talkover.trainer.evaluation.readings import Cause, Comparison
from talkover.trainer.evaluation.scoring import Score
from talkover.trainer.export.parity import Parity, Precision, choose, difference, figures, measures

VARIANTS = ("fp32", "int8")


def parity(count=100, *, others=0, causes=(), more=0):
    """So many utterances of ten words; in some fp32 differs, in some int8 has one more wrong."""
    found = [Cause.CHOICE] * others + list(causes)
    found += [Cause.SAME] * (count - len(found))
    comparisons = tuple(Comparison(f"u{n}", 160_000, cause) for n, cause in enumerate(found))
    scores = tuple(
        Score(f"u{n}", "en", "", 10, {}, {"policy": 1, "fp32": 1, "int8": 1 + (n < more)})
        for n in range(count)
    )
    return Parity(comparisons, scores)


def test_both_are_exported_where_all_is_well():
    for precision in (Precision.AUTO, Precision.INT8):
        choice = choose(parity(), precision)
        assert choice.variants == VARIANTS
        assert "+0.00 points" in choice.word


def test_fp32_alone_where_it_is_asked_for():
    assert choose(parity(more=50), Precision.FP32).variants == ("fp32",)


def test_one_utterance_of_a_hundred_may_differ():
    assert choose(parity(others=1), Precision.AUTO).variants == VARIANTS
    with pytest.raises(ModelError, match=r"98\.0 % of 100 utterances.*nothing is exported"):
        choose(parity(others=2), Precision.FP32)


def test_what_the_listener_does_beside_its_graphs_is_no_difference():
    assert parity(causes=[Cause.LOOP, Cause.BOUND, Cause.SILENCE]).same == 100.0


@pytest.mark.parametrize(("more", "refused"), [(3, False), (4, True)])
def test_int8_may_cost_three_words_of_a_thousand(more, refused):
    choice = choose(parity(more=more), Precision.AUTO)
    assert choice.variants == (("fp32",) if refused else VARIANTS)
    assert ("int8 is refused" in choice.word) is refused
    assert f"+{more / 10:.2f} points" in choice.word


def test_what_int8_costs_is_measured_on_people():
    people, made = parity(100), parity(100, more=50)
    both = replace(people, recorded=(True,) * 100) + replace(made, recorded=(False,) * 100)
    assert both.people.scores == people.scores
    assert both.harmless
    assert both.between("fp32", "int8").value > 0
    assert replace(both, recorded=(False,) * 200).people.scores == both.scores
    assert choose(both, Precision.AUTO).variants == VARIANTS


def test_before_a_gate_int8_is_refused_where_it_is_surely_harmful():
    assert choose(parity(24, more=1), Precision.AUTO).variants == ("fp32",)
    doubtful = choose(parity(24, more=1), Precision.AUTO, gated=True)
    assert doubtful.variants == VARIANTS
    assert "the gate decides" in doubtful.word
    assert choose(parity(24, more=20), Precision.AUTO, gated=True).variants == ("fp32",)


def test_int8_or_nothing():
    with pytest.raises(ModelError, match="int8 is refused and nothing is exported"):
        choose(parity(more=4), Precision.INT8)


def test_more_is_read_until_it_is_settled():
    assert parity().settled
    assert not parity(24, others=1).settled
    assert not parity(24, more=1).settled  # one word of 240 is too much, and may be chance
    assert parity(24, more=20).settled
    assert (parity(24, others=1) + parity(76)).settled


def test_the_table_says_what_is_met():
    table = {one.name: one for one in measures(parity(others=1, more=4))}
    assert table["the same but for ties and cuts"].met
    loss = table["word error rate, int8 minus fp32"]
    assert loss.met is False
    assert loss.value == pytest.approx(0.4)
    assert loss.bar == "<= 0.3"
    assert difference(parity(more=4), "fp32", "int8").met is None
    assert table["word error rate, pooled, int8"].value == pytest.approx(10.4)


def test_figures_are_of_what_is_exported():
    assert figures(parity(more=4), ("fp32",)) == {
        "parity.utterances": 100,
        "parity.same": 100.0,
        "parity.wer.policy": 10.0,
        "parity.wer.fp32": 10.0,
    }
