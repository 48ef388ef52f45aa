import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.words import WordEvidence, echoes, weigh
from talkover.core.words.tokens import tokenise

LANGUAGES = st.lists(st.sampled_from(["en", "es", "fr", "de", "hi", "zh", "ja", "en-US", ""]))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("yes", "en"), ("Mm-hmm.", "en"), ("Uh huh", "en"), ("Mhm", "en"), ("Okay.", "en"),
        ("Yeah, yeah.", "en"), ("okay okay", "en"), ("yeaaaah", "en"), ("Right. I see.", "en"),
        ("vale", "es"), ("ajá", "es"), ("aja", "es"), ("Sí, sí, claro.", "es"),
        ("d'accord", "fr"), ("D’accord, oui.", "fr"), ("ah ouais", "fr"),
        ("genau", "de"), ("Ach so.", "de"), ("ja ja", "de"),
        ("haan", "hi"), ("हाँ जी", "hi"), ("ठीक है।", "hi"), ("accha accha", "hi"),
        ("嗯", "zh"), ("对对对。", "zh"), ("好的，好的", "zh"), ("duì duì", "zh"),
    ],
)  # fmt: skip
def test_backchannels_are_backchannels(text: str, language: str) -> None:
    found = weigh(text, [language])
    assert found.backchannel >= 0.7
    assert found.floor <= 0.2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("stop", "en"), ("no", "en"), ("Wait.", "en"), ("yes but wait", "en"), ("Hold on!", "en"),
        ("okay so what about my order", "en"), ("Yeah, no, I said Tuesday.", "en"), ("What?", "en"),
        ("I need to change my booking", "en"), ("right now I need help", "en"),
        ("para", "es"), ("sí pero espera", "es"), ("Vale, ¿y mi pedido dónde está?", "es"),
        ("attendez", "fr"), ("oui mais attendez", "fr"), ("excusez-moi", "fr"),
        ("halt", "de"), ("ja aber warte", "de"), ("Ja, ich möchte etwas anderes.", "de"),
        ("ruko", "hi"), ("रुकिए", "hi"), ("haan lekin ruko", "hi"), ("हाँ लेकिन मुझे", "hi"),
        ("等一下", "zh"), ("好的，但是等一下", "zh"), ("deng yixia", "zh"), ("對不起", "zh"),
    ],
)  # fmt: skip
def test_interruptions_take_the_floor(text: str, language: str) -> None:
    found = weigh(text, [language])
    assert found.floor >= 0.75
    assert found.backchannel <= 0.15


def test_a_longer_sentence_after_a_backchannel_is_less_and_less_a_backchannel() -> None:
    texts = ["okay", "okay tuesday", "okay tuesday morning", "okay tuesday morning maria"]
    found = [weigh(text, ["en"]) for text in texts]
    assert [f.backchannel for f in found] == sorted((f.backchannel for f in found), reverse=True)
    assert [f.floor for f in found] == sorted(f.floor for f in found)
    assert found[0].backchannel > 2 * found[1].backchannel


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("Thanks for watching!", 0.9), ("♪", 0.9), ("(music)", 0.9), ("[BLANK_AUDIO]", 0.9),
        ("*sighs*", 0.9), ("you", 0.7), ("Thank you.", 0.4), ("Bye.", 0.4),
        ("Okay. " * 12, 0.9), ("I'm going to go to the " * 10, 0.0),
    ],
)  # fmt: skip
def test_what_whisper_writes_for_silence_is_suspect(text: str, least: float) -> None:
    assert weigh(text, ["en"]).hallucination >= least


def test_real_words_are_not_suspect() -> None:
    for text in ("okay", "thank you but I need my order", "do you know the way", "stop", ""):
        assert weigh(text, ["en"]).hallucination < 0.2, text


def test_hesitations_are_counted_as_a_share() -> None:
    assert weigh("um", ["en"]).hesitation == 1.0
    assert weigh("um my order uh", ["en"]).hesitation == pytest.approx(0.5)
    assert weigh("my order", ["en"]).hesitation == 0.0
    assert weigh("um", ["en"]).floor < 0.3


@pytest.mark.parametrize(
    ("text", "language"),
    [("no, I said Tuesday", "en"), ("I meant Boston", "en"), ("euh non, j'ai dit mardi", "fr"),
     ("ich meinte Montag", "de"), ("no, dije martes", "es"), ("不，我是说星期二", "zh")],
)  # fmt: skip
def test_corrections_are_heard(text: str, language: str) -> None:
    found = weigh(text, [language])
    assert found.correction >= 0.8
    assert found.floor >= 0.8


def test_a_correction_opens_what_is_said() -> None:
    assert weigh("the price of the tickets that I meant", ["en"]).correction == 0.0


def test_an_unknown_language_uses_every_list_at_a_discount() -> None:
    assert weigh("stop", ["ja"]).floor == weigh("stop", ["en"]).floor
    assert 0.4 < weigh("genau", ["ja"]).backchannel < weigh("genau", ["de"]).backchannel
    assert weigh("genau", []) == weigh("genau", ["ja"])
    assert weigh("genau", ["en"]).backchannel < 0.2


def test_several_languages_are_heard_in_one_sentence() -> None:
    assert weigh("haan okay vale", ["hi", "es", "en"]).backchannel > 0.7
    assert weigh("vale", ["ES-mx"]) == weigh("vale", ["es"])


def test_words_are_counted() -> None:
    assert weigh("what about my order", ["en"]).count == 4
    assert weigh("等一下 okay", ["zh"]).count == 4
    assert weigh("(music)", ["en"]).count == 0
    assert weigh("", ["en"]) == WordEvidence()


def test_words_are_taken_apart() -> None:
    assert tokenise("D’accord, j'ai 2 ans!") == ["d'", "accord", "j'", "ai", "2", "ans"]
    assert tokenise("Mm-hmm… don't 'stop'") == ["mm", "hmm", "don't", "stop"]
    assert tokenise("ठीक है।好的 ok") == ["ठीक", "है", "好", "的", "ok"]


AGENT = "Your order is on its way and should arrive by Thursday afternoon."


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("order is on its way", 1.0, 1.0),
        ("ordre is on its waye", 0.6, 1.0),
        ("should arrive by Thirsday", 1.0, 1.0),
        ("should arrive Thursday afternoon", 1.0, 1.0),
        ("order is on its way wait stop please no", 0.5, 0.6),
        ("stop", 0.0, 0.0),
        ("I want the red one by Friday", 0.0, 0.2),
        ("way on is order", 0.0, 0.5),
        ("", 0.0, 0.0),
    ],
)
def test_an_echo_is_a_run_of_the_agents_words(text: str, least: float, most: float) -> None:
    assert least <= echoes(text, AGENT) <= most
    assert echoes(text, AGENT) == echoes(text, AGENT.split())


@given(st.text(max_size=400), LANGUAGES)
def test_any_text_is_weighed(text: str, languages: list[str]) -> None:
    found = weigh(text, languages)
    shares = (found.backchannel, found.floor, found.hesitation, found.hallucination)
    assert all(0.0 <= share <= 1.0 for share in (*shares, found.correction))
    assert found.count >= 0


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_may_be_an_echo(text: str, said: str) -> None:
    assert 0.0 <= echoes(text, said) <= 1.0


@given(st.sampled_from(["a ", "(", "okay ", "a-", "嗯", "j'", "हाँ ", "x", "'", "so you know "]))
def test_long_texts_take_bounded_time(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    seconds = min(timeit.repeat(lambda: (weigh(text, []), echoes(text, text)), number=1, repeat=3))
    assert seconds < 0.5


def test_short_texts_take_no_time() -> None:
    weigh("okay so what about my order", ["en"])
    best = min(timeit.repeat(lambda: weigh("yeah okay", ["en"]), number=20, repeat=50)) / 20
    assert best < 100e-6
