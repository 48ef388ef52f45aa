import math

import pytest

from talkover.trainer.evaluation.scoring import count_errors, error_rates, loss, score


@pytest.mark.parametrize(
    ("language", "reference", "text", "wrong", "words"),
    [
        ("en", "Press 6, please.", "press six please", 0, 3),
        ("en", "I'm sorry.", "I am sorry", 0, 3),
        ("en", "red green blue", "red blue sky", 2, 3),
        ("es", "numero de agente", "Número de agente.", 0, 3),
        ("fr", "ajouté", "ajoute", 0, 1),
        ("en", "yes", "", 1, 1),
        ("en", "uh", "thank you", 2, 0),  # nothing is left of the reference
    ],
)
def test_words_are_counted_as_whisper_normalises_them(language, reference, text, wrong, words):
    assert count_errors(reference, text, language) == (wrong, words)


def scores(*pairs, language="en"):
    """Each of ten words, with so many wrong by fp32 and int8."""
    said = "a b c d e f g h i j"
    spoilt = ["x " * wrong + " ".join(said.split()[wrong:]) for wrong in range(11)]
    return [
        score(str(index), language, said, {"fp32": spoilt[one], "int8": spoilt[other]})
        for index, (one, other) in enumerate(pairs)
    ]


def test_rates_are_pooled_and_by_language():
    found = scores((1, 2), (0, 0)) + scores((5, 5), language="fr")
    rates = {m.name: m for m in error_rates(found, ["fp32", "int8"])}
    assert rates["word error rate, pooled, fp32"].value == pytest.approx(20)
    assert rates["word error rate, pooled, fp32"].n == 30
    assert rates["word error rate, en, int8"].value == pytest.approx(10)
    assert rates["word error rate, fr, fp32"].value == pytest.approx(50)
    assert len(rates) == 6
    assert len(error_rates(scores((1, 1)), ["fp32"])) == 1


def test_the_loss_is_the_difference_in_points_with_a_paired_interval():
    measure = loss(scores(*[(5, 5)] * 99, (5, 6)), "fp32", "int8")
    assert measure.value == pytest.approx(0.1)
    assert measure.met
    low, high = measure.interval
    assert 0 <= low <= 0.1 < high < 0.5  # far narrower than each system's own interval
    assert loss(scores(*[(0, 1)] * 10), "fp32", "int8").met is False
    assert loss(scores(*[(1, 0)] * 10), "fp32", "int8").met


def test_no_words_make_no_rate_and_meet_no_bar():
    silent = [score("a", "en", "uh", {"fp32": "", "int8": ""})]
    assert math.isnan(error_rates(silent, ["fp32"])[0].value)
    assert loss(silent, "fp32", "int8").met is False
