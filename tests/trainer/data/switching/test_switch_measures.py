"""How much a sentence is mixed."""

import pytest

from talkover.trainer.data.switching.measures import fault_of, mixing
from talkover.trainer.data.switching.tokens import Pattern, SwitchText, Token
from talkover.trainer.data.texts import Theme


def tokens(written):
    """``es:hola en:you`` as tokens."""
    return tuple(Token(word[3:], word[:2]) for word in written.split())


def text(pattern, written, matrix="es"):
    return SwitchText(tokens(written), "es-en", pattern, matrix, Theme.EVERYDAY)


def test_measures_of_a_sentence():
    mixed = mixing(tokens("es:mi es:pedido en:is en:late en:again"), "es")
    assert mixed.embedded == pytest.approx(0.6)
    assert mixed.switches == 1
    assert mixed.cmi == pytest.approx(40.0)
    assert mixed.runs == (("es", 2), ("en", 3))


def test_one_language_is_not_mixed():
    mixed = mixing(tokens("en:so en:what"), "en")
    assert (mixed.embedded, mixed.switches, mixed.cmi) == (0.0, 0, 0.0)


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (Pattern.BETWEEN, "es:Llueve. en:Come en:in."),
        (Pattern.TAG, "es:Llueve es:hoy, en:right?"),
        (Pattern.TAG, "en:Well, es:llueve es:hoy."),
        (Pattern.INSERTION, "es:Mi en:laptop es:falla."),
        (Pattern.ALTERNATION, "es:No es:fui en:because en:it en:rained."),
        (Pattern.BORROWED, "es:Soy en:Tom en:Baker."),
    ],
)
def test_what_is_of_its_pattern(pattern, written):
    assert fault_of(text(pattern, written)) == ""


@pytest.mark.parametrize(
    ("pattern", "written", "fault"),
    [
        (Pattern.TAG, "es:Llueve es:hoy.", "it is of one language"),
        (Pattern.BETWEEN, "es:Llueve en:come en:in.", "it switches behind 'e'"),
        (Pattern.TAG, "es:Mira, en:it en:rains, es:hoy.", "it switches 2 times"),
        (Pattern.TAG, "es:Sí, en:a en:b en:c en:d en:e en:f en:g.", "its tag has 7 words"),
        (Pattern.INSERTION, "es:Mi en:new en:laptop es:falla.", "it inserts [2] words"),
        (Pattern.ALTERNATION, "es:Fui en:because en:so.", "it alternates by single words"),
        (Pattern.BORROWED, "en:A es:y en:B es:y en:C es:son.", "it borrows 3 times"),
    ],
)
def test_what_is_not_is_told(pattern, written, fault):
    assert fault_of(text(pattern, written)) == fault
