"""The seventeen accents: their tables, and what they are known for."""

import re

import pytest

from talkover.core.errors import DataError
from talkover.trainer.data.accents import accent, accents
from talkover.trainer.data.keys import LEXICAL_SETS

SEVENTEEN = (
    *("general_american", "southern_us", "new_york", "canadian", "rp", "london"),
    *("northern_england", "west_midlands", "scottish", "irish", "welsh", "australian"),
    *("new_zealand", "south_african", "indian", "nigerian", "singaporean"),
)
RHOTIC = {"general_american", "southern_us", "canadian", "scottish", "irish", "indian"}
EXAMPLES = dict(
    zip(
        LEXICAL_SETS,
        (
            *("kit", "dress", "trap", "lot", "strut", "foot", "bath", "cloth", "nurse", "fleece"),
            *("face", "palm", "thought", "goat", "goose", "price", "choice", "mouth", "near"),
            *("square", "start", "north", "force", "cure", "happy", "letter", "comma"),
        ),
        strict=True,
    )
)


def ipa(code, text):
    return " ".join(word.ipa for word in accent(code).say(text))


def sounds(code, text):
    """Without stress."""
    return re.sub("[ˈˌ]", "", ipa(code, text))


def vowel(code, word):
    """What stands for the word's lexical set."""
    (said,) = accent(code).say(word)
    return "".join(p.symbol for p in said.phones if p.key in LEXICAL_SETS)


def test_there_are_seventeen_and_a_newcomer_with_a_source_each():
    assert sorted(accents()) == sorted([*SEVENTEEN, "jamaican"])
    for one in accents().values():
        assert re.search(r"\(\d{4}\)", one.source), one.code
    print()
    for name in LEXICAL_SETS:
        print(f"{name:8}", *(f"{''.join(accents()[c].vowels[name]):6}" for c in SEVENTEEN))


@pytest.mark.parametrize("code", SEVENTEEN)
def test_each_word_of_a_set_has_the_vowel_of_its_set(code):
    said = {name: accent(code).say(word)[0] for name, word in EXAMPLES.items()}
    for name, word in said.items():
        keys = {phone.key for phone in word.phones}
        merged = {"CLOTH": {"LOT"}, "lettER": {"commA"}, "FORCE": {"NORTH"}}.get(name, set())
        assert keys & {name, *merged}, f"{word.text}: {keys}"
        assert sum(phone.stress == 1 for phone in word.phones) == 1


@pytest.mark.parametrize("code", SEVENTEEN)
def test_r_after_a_vowel_is_heard_or_not(code):
    heard = bool(re.search("[ɹɾ]", sounds(code, "north")))
    assert heard == (code in RHOTIC) == accent(code).rhotic


def test_without_r_after_vowels_there_is_one_before_the_next_vowel():
    assert sounds("rp", "more tea") == "mɔː tiː"
    assert sounds("rp", "more ice") == "mɔːɹ aɪs"
    assert sounds("scottish", "more ice").split()[0].count("ɹ") == 1


def test_bath_is_trap_or_palm():
    for code in ("general_american", "northern_england", "scottish"):
        assert vowel(code, "bath") == vowel(code, "trap"), code
    for code in ("rp", "london", "australian", "south_african"):
        assert vowel(code, "bath") == vowel(code, "palm") != vowel(code, "trap"), code


def test_cot_and_caught_are_one_or_two():
    for code in ("canadian", "scottish"):
        assert sounds(code, "cot") == sounds(code, "caught"), code
    for code in ("general_american", "rp", "new_york", "australian"):
        assert sounds(code, "cot") != sounds(code, "caught"), code


def test_foot_and_strut_are_one_in_the_north_of_england():
    for code in ("northern_england", "west_midlands"):
        assert vowel(code, "foot") == vowel(code, "strut"), code
    assert vowel("rp", "foot") != vowel("rp", "strut")


def test_th_is_a_stop_or_an_f_or_itself():
    assert sounds("london", "thin") == "fɪn"
    assert sounds("nigerian", "thin") == "tin"
    assert sounds("irish", "thin").startswith("t̪")
    assert sounds("indian", "this").startswith("d̪")
    assert sounds("rp", "thin") == "θɪn"


def test_v_and_w_are_one_in_india_alone():
    for code in SEVENTEEN:
        assert (sounds(code, "vine") == sounds(code, "wine")) == (code == "indian"), code


def test_t_between_vowels():
    assert "ɾ" in sounds("general_american", "better")
    assert "ʔ" in sounds("london", "better")
    assert "ʈ" in sounds("indian", "better")
    assert "t" in sounds("rp", "better")


def test_others_that_accents_are_known_for():
    assert sounds("southern_us", "pin") == sounds("southern_us", "pen")
    assert vowel("southern_us", "price") == "aː"
    assert vowel("canadian", "price") != vowel("canadian", "prize")
    assert sounds("new_zealand", "near") == sounds("new_zealand", "nair")
    assert not sounds("london", "house").startswith("h")
    assert sounds("west_midlands", "sing").endswith("ŋɡ")
    assert sounds("singaporean", "list").endswith("s")
    assert "tː" in sounds("welsh", "better")
    assert vowel("scottish", "five") == "ae" != vowel("scottish", "price")


def test_an_unknown_accent_is_named_with_those_there_are():
    with pytest.raises(DataError, match="no accent 'martian'; there are australian, canadian"):
        accent("martian")
