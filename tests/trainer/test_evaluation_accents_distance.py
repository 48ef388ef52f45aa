"""Accents of English by the words that tell them apart."""

import numpy as np
import pytest
from typer.testing import CliRunner

from talkover.trainer.data.accents import accents
from talkover.trainer.data.cli import app
from talkover.trainer.data.keys import LEXICAL_SETS
from talkover.trainer.evaluation.accents_distance import (
    MARGIN,
    REFERENCE,
    Apart,
    apart_from_reference,
    between_all,
    key_words,
    measures,
    said_by_all,
    word_distance,
)


@pytest.fixture(scope="module")
def said():
    return said_by_all()


def test_every_lexical_set_has_words():
    assert set(key_words()) >= set(LEXICAL_SETS)
    assert all(len(set(some)) == 3 for some in key_words().values())


def test_each_other_accent_is_measurably_one_of_its_own(said):
    """The lower end of the 95 % interval of its mean distance is above the margin."""
    found = apart_from_reference(said)
    assert {one.accent for one in found} == set(accents()) - {REFERENCE}
    print()
    for one in found:
        low, high = one.interval
        print(f"{one.accent:18} {one.mean:.3f} ({low:.3f} to {high:.3f}) {one.changed:4.0%}")
        assert MARGIN < low < one.mean < high < 1, one.accent
    assert all(one.met for one in measures(found))


def test_the_nearest_and_the_furthest_are_who_they_should_be(said):
    """Canada is next to the United States; those that stop their th and drop their r are not."""
    found = {one.accent: one.mean for one in apart_from_reference(said)}
    assert min(found, key=found.get) == "canadian"
    assert found["nigerian"] > 2 * found["canadian"]


def test_distances_are_a_metric_s_table(said):
    codes = [REFERENCE, "rp", "london", "australian", "new_zealand"]
    table = between_all({code: said[code] for code in codes})
    assert np.array_equal(table, table.T)
    assert not table.diagonal().any()
    assert (table + np.eye(len(table)) > 0).all()
    by_pair = {(a, b): table[codes.index(a), codes.index(b)] for a in codes for b in codes}
    assert by_pair["australian", "new_zealand"] < by_pair["australian", REFERENCE]
    assert by_pair["rp", "london"] < by_pair["rp", REFERENCE]


@pytest.mark.slow
def test_the_command_prints_each():
    result = CliRunner().invoke(app, ["accents", "--distance"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert all(code in result.output for code in accents())


def test_what_is_said_alike_is_no_accent_of_its_own():
    same = Apart("twin", dict.fromkeys("abcdefgh", 0.0))
    (one,) = measures([same])
    assert one.met is False
    assert same.changed == 0


def test_a_word_s_distance_is_a_share_of_its_sounds():
    assert word_distance(("k", "æ", "t"), ("k", "æ", "t")) == 0
    assert word_distance(("k", "æ", "t"), ()) == 1
    assert 0 < word_distance(("b", "æ", "d"), ("b", "ɛ", "d")) < 0.15
