"""Errors on words in view are told from others."""

import pytest

pytest.importorskip("jiwer")

from talkover.core.report import Measure
from talkover.trainer.evaluation.crossmodal.biasing import (
    Errors,
    Leant,
    changed,
    errors_of,
    measures,
)

VIEW = ("Kowalski", "ROOM", "214", "Leclerc:")
SAID = "Which room is Kowalski in?"


def leant(plain, favoured, number=0):
    return Leant.of("labels", number, SAID, VIEW, (plain, favoured))


def by_name(found: list[Measure]) -> dict[str, Measure]:
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SAID, Errors(0, 0)),
        ("which room is cow alski in", Errors(1, 1)),  # one lost, one too many
        ("witch room is in", Errors(1, 1)),
        ("Kowalski", Errors(1, 3)),
        ("", Errors(2, 3)),
    ],
)
def test_what_is_lost_is_told_from_what_is_in_view(text, expected):
    assert errors_of("which room is kowalski in", text, {"kowalski", "room"}) == expected


def test_words_in_view_are_known_however_they_are_written_there():
    one = leant("which room is cow in", SAID)
    assert (one.seen, one.words) == (2, 5)
    assert one.errors == (Errors(1, 0), Errors(0, 0))


def test_the_bars():
    heard = [leant("which room is cow in", SAID, n) for n in range(6)]
    heard += [leant(SAID, SAID, n) for n in range(6, 12)]
    found = by_name(measures(heard, 3.0))
    fewer, harm = found["fewer errors on words in view"], found["more errors on other words"]
    assert (fewer.value, fewer.met) == (100.0, True)
    assert (harm.value, harm.met) == (0.0, True)
    assert found["wrong of words in view, not favoured"].value == pytest.approx(25)
    worse = [leant(SAID, "which room was Kowalski at", n) for n in range(12)]
    found = by_name(measures(worse, 3.0))
    assert not found["fewer errors on words in view"].met  # there was nothing to gain
    assert not found["more errors on other words"].met
    assert len(changed(worse).rows) == 12
    assert not changed([leant(SAID, SAID)]).rows
