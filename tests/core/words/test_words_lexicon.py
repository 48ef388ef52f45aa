import subprocess
import sys
import tomllib
from importlib.resources import files

import pytest

from talkover.core.errors import ConfigError
from talkover.core.words.lexicon import ACTS, ENDS, KINDS, languages_known, lexicon, parse
from talkover.core.words.tokens import tokenise

CODES = ["de", "en", "es", "fr", "hi", "zh"]
GOOD = """
language = "Esperanto"
basis = "A grammar."
[[backchannel]]
weight = 0.9
phrases = ["jes"]
"""


def raw(code: str) -> dict:
    return tomllib.loads(files("talkover.core.words").joinpath(f"data/{code}.toml").read_text())


def test_the_languages_are_the_files() -> None:
    assert list(languages_known()) == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_file_has_every_table_and_no_phrase_twice(code: str) -> None:
    data = raw(code)
    for table in (*ACTS, *ENDS):
        phrases = [tuple(tokenise(text)) for group in data[table] for text in group["phrases"]]
        assert len(phrases) == len(set(phrases)), table
    assert {group["kind"] for group in data["dictation"]} == set(KINDS)


@pytest.mark.parametrize("code", CODES)
def test_no_phrase_is_both_a_backchannel_and_taking_the_floor(code: str) -> None:
    for phrase, act in lexicon([code]).acts.items():
        assert min(act.backchannel, act.floor) < 0.5, phrase


def test_an_accent_that_tells_words_apart_is_kept() -> None:
    acts = lexicon(["es"]).acts
    assert acts[("sí",)].backchannel > 0.5
    assert ("aja",) in acts
    assert lexicon(["es"]).open[("si",)] > 0.9
    assert ("sí",) not in lexicon(["es"]).open


@pytest.mark.parametrize(
    "content",
    [
        "nonsense =",
        GOOD.replace("0.9", "1.9"),
        GOOD.replace("jes", "..."),
        GOOD.replace("weight", "wait"),
        GOOD.replace('basis = "A grammar."', ""),
        GOOD + '[[number]]\ndigits = "9"\nphrases = ["unu"]',
        GOOD + '[[dictation]]\nkind = "poem"\nleast = 1\nfull = 2\ncues = ["a"]',
        GOOD + '[[dictation]]\nkind = "phone"\nleast = 3\nfull = 2\ncues = ["a"]',
    ],
)
def test_a_bad_file_is_refused(content: str) -> None:
    assert parse("eo", GOOD)["language"] == "Esperanto"
    with pytest.raises(ConfigError, match="eo"):
        parse("eo", content)


def test_words_are_light() -> None:
    code = "import sys, talkover.core.words; print('numpy' in sys.modules, 'torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]
