from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from talkover.core.errors import BundleError, ModelError
from talkover.core.listener import ListenerConfig, ListenerRuntime
from talkover.core.listener.tokens import Tokens, read_tokenizer

MIXED = (
    "Hello, my friend (or not): it's 5:30 — \"okay\". «Oui» ¿qué? naïve... [so] it's - done! "
    "今天天气很好，我们去公园吧。日本語🙂です🙃🙃 สวัสดี مرحبا 안녕하세요 ꙮ ★ \t\n x"
)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


@pytest.fixture(scope="module")
def real(bundle: Path) -> Tokens:
    folder = bundle / "listener"
    return Tokens.read(folder, ListenerConfig.read(folder))


def encode(tokens: Tokens, text: str) -> list[int]:
    ids: list[int] = tokens._tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def bare(text: str) -> str:
    return "".join(text.split())


def texts(tokens: Tokens, ids: Sequence[int], language: str = "en") -> list[str]:
    return [piece.text for piece in tokens.pieces(ids, language)]


def check_pieces(tokens: Tokens, ids: Sequence[int], language: str) -> None:
    """In order, without overlap, leaving out only what is blank, saying what ``text`` says."""
    pieces = tokens.pieces(ids, language)
    end = 0
    for piece in pieces:
        assert end <= piece.first < piece.last <= len(ids)
        assert not tokens.text(ids[end : piece.first])
        assert piece.text
        assert piece.text == piece.text.strip()
        end = piece.last
    assert not tokens.text(ids[end:])
    assert bare("".join(piece.text for piece in pieces)) == bare(tokens.text(ids))


def logits_of(tokens: Tokens, values: dict[int, float]) -> NDArray[np.float32]:
    logits = np.zeros(tokens._tokenizer.get_vocab_size(), np.float32)
    for token, value in values.items():
        logits[token] = value
    return logits


def test_the_prompt(tiny_tokens: Tokens, tokenizer: Tokenizer) -> None:
    named = [tokenizer.id_to_token(token) for token in tiny_tokens.prompt("fr")]
    assert named == ["<|fr|>", "<|transcribe|>", "<|notimestamps|>"]
    assert tokenizer.id_to_token(tiny_tokens.start) == "<|startoftranscript|>"
    assert tokenizer.id_to_token(tiny_tokens.end) == "<|endoftext|>"


def test_older_models_call_silence_nocaptions(tiny_folder: Path) -> None:
    text = (tiny_folder / "tokenizer.json").read_text(encoding="utf-8")
    older = Tokenizer.from_str(text.replace("<|nospeech|>", "<|nocaptions|>"))
    tokens = Tokens(older, ListenerConfig.read(tiny_folder))
    assert older.id_to_token(tokens.no_speech) == "<|nocaptions|>"


@pytest.mark.parametrize("lost", ["endoftext", "transcribe", "nospeech", "zh"])
def test_a_token_that_is_missing_is_named(tiny_folder: Path, lost: str) -> None:
    text = (tiny_folder / "tokenizer.json").read_text(encoding="utf-8")
    lacking = Tokenizer.from_str(text.replace(f"<|{lost}|>", "<|something|>"))
    with pytest.raises(BundleError, match=rf"lacks <\|{lost}\|>; build the bundle again"):
        Tokens(lacking, ListenerConfig.read(tiny_folder))


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"tokenizer\.json is missing or malformed"):
        read_tokenizer(tmp_path)


def test_unknown_languages_are_refused(tiny_tokens: Tokens) -> None:
    tiny_tokens.check_languages(())
    tiny_tokens.check_languages(("en", "zh"))
    for wrong in (("de",), ("en", "de"), ("EN",), ("",)):
        with pytest.raises(ModelError, match="known are en, zh, fr"):
            tiny_tokens.check_languages(wrong)


def test_the_likeliest_language_among_those_asked_for(tiny_tokens: Tokens) -> None:
    ids = tiny_tokens.languages
    logits = logits_of(tiny_tokens, {ids["en"]: 1.0, ids["zh"]: 3.0, ids["fr"]: 2.0})
    shares = dict(zip(("en", "zh", "fr"), np.exp([1, 3, 2]) / np.exp([1, 3, 2]).sum(), strict=True))
    for among, expected in (
        ((), "zh"),
        (("en",), "en"),
        (("en", "fr"), "fr"),
        (("fr", "zh", "en"), "zh"),
    ):
        code, share, _ = tiny_tokens.detect(logits, among)
        assert code == expected
        assert share == pytest.approx(shares[expected], rel=1e-5)  # among all, whatever was asked


def test_a_language_that_is_no_candidate_at_all_can_be_asked_for(tiny_tokens: Tokens) -> None:
    logits = logits_of(tiny_tokens, {tiny_tokens.languages["en"]: 500.0})
    code, share, _ = tiny_tokens.detect(logits, ("fr",))
    assert (code, share) == ("fr", 0.0)


def test_no_speech_is_weighed_against_every_token(tiny_tokens: Tokens) -> None:
    logits = logits_of(tiny_tokens, {tiny_tokens.no_speech: np.log(9)})
    _, _, silent = tiny_tokens.detect(logits, ())
    assert silent == pytest.approx(9 / (len(logits) - 1 + 9), rel=1e-5)


def test_what_is_no_speech_cannot_come(tiny_tokens: Tokens, tokenizer: Tokenizer) -> None:
    size = tokenizer.get_vocab_size()
    first = tiny_tokens.penalty(size, first=True)
    later = tiny_tokens.penalty(size, first=False)
    special = set(range(tiny_tokens.end + 1, size))
    assert {int(token) for token in np.flatnonzero(later)} == {1, 2, 7} | special
    assert {int(token) for token in np.flatnonzero(first)} == (
        {1, 2, 7, 220, tiny_tokens.end} | special
    )
    for mask in (first, later):
        assert mask.dtype == np.float32
        assert set(np.unique(mask)) == {-np.inf, 0.0}


@given(st.lists(st.integers(0, 258), max_size=30), st.sampled_from(["en", "zh"]))
@SHARED
def test_any_tokens_make_pieces(tiny_tokens: Tokens, ids: list[int], language: str) -> None:
    check_pieces(tiny_tokens, ids, language)


@given(
    st.lists(st.sampled_from([*MIXED, " ", " ", " the", "🙂"]), max_size=40).map("".join),
    st.sampled_from(["en", "zh"]),
)
@example(MIXED, "en")
@example(MIXED, "zh")
@SHARED
def test_any_text_makes_pieces(tiny_tokens: Tokens, text: str, language: str) -> None:
    ids = encode(tiny_tokens, text)
    check_pieces(tiny_tokens, ids, language)
    assert tiny_tokens.text(ids) == text.strip()


def test_special_tokens_are_no_text(tiny_tokens: Tokens) -> None:
    ids = encode(tiny_tokens, " the")
    special = [tiny_tokens.start, *tiny_tokens.prompt("en")]
    assert tiny_tokens.text([*special, *ids, tiny_tokens.end]) == "the"


def test_broken_bytes_are_left_out(tiny_tokens: Tokens) -> None:
    smile = encode(tiny_tokens, "🙂")
    assert len(smile) == 4
    assert tiny_tokens.text(encode(tiny_tokens, "so ") + smile[:3]) == "so"
    assert texts(tiny_tokens, encode(tiny_tokens, "so the") + smile[:2]) == ["so", "the"]


def test_a_broken_byte_does_not_swallow_the_words_after_it(tiny_tokens: Tokens) -> None:
    broken = encode(tiny_tokens, "🙂")[:2]
    ids = [*encode(tiny_tokens, "so"), *broken, *encode(tiny_tokens, " it is")]
    assert texts(tiny_tokens, ids) == ["so", "it", "is"]


@pytest.mark.bundle
@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (
            " Hello, my friend, it's 5:30.",
            "en",
            ["Hello,", "my", "friend,", "it's", "5:30."],
        ),
        (' He said: "Go home" (now)!', "en", ["He", "said:", '"Go', 'home"', "(now)!"]),
        (" ¿Qué tal? ¡Hola!", "es", ["¿Qué", "tal?", "¡Hola!"]),
        (" I 🙂 like ꙮ you.", "en", ["I", "🙂", "like", "ꙮ", "you."]),
        (" C'est « oui » ?", "fr", ["C'est", "«oui", "»", "?"]),
        ("很好，是。", "zh", ["很好，", "是。"]),
        ("他说“好”。", "zh", ["他", "说", "“好”。"]),
        ("🙂です", "ja", ["🙂", "です"]),
        ("", "en", []),
        ("  ", "en", []),
    ],
)
def test_words_of_the_real_tokenizer(
    real: Tokens, text: str, language: str, expected: list[str]
) -> None:
    ids = encode(real, text)
    assert texts(real, ids, language) == expected
    check_pieces(real, ids, language)


@pytest.mark.bundle
@given(
    st.lists(st.sampled_from([*MIXED, " the", " friend", "天气"]), max_size=30).map("".join),
    st.integers(0, 3),
    st.sampled_from(["en", "zh", "fr", "ja"]),
)
@example(MIXED, 0, "en")
@example(MIXED, 0, "zh")
@SHARED
def test_pieces_of_the_real_tokenizer(real: Tokens, text: str, lost: int, language: str) -> None:
    ids = encode(real, text)
    check_pieces(real, ids, language)
    check_pieces(real, ids[lost:], language)  # may begin within a character
    check_pieces(real, ids[: len(ids) - lost], language)


@pytest.mark.bundle
def test_the_real_tokens(int8: ListenerRuntime) -> None:
    tokens = int8.tokens
    assert (tokens.start, tokens.end, tokens.no_speech) == (50258, 50257, 50362)
    assert tokens.prompt("en") == (50259, 50359, 50363)
    assert len(tokens.languages) == 99
