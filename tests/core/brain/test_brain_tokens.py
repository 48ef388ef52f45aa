import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talkover.core.brain import Message
from talkover.core.brain.config import TOKENIZER
from talkover.core.brain.tokens import CharacterStream, ChatTokens


@pytest.fixture(scope="session")
def tokens(tiny_folder) -> ChatTokens:
    return ChatTokens.load(tiny_folder / TOKENIZER)


def read(tokens, ids):
    stream = CharacterStream(tokens)
    return [stream.push(token) for token in ids]


@given(text=st.text(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_comes_back(tokens, text):
    assert "".join(read(tokens, tokens.encode(text))) == text


@given(ids=st.lists(st.integers(0, 264), max_size=60))
def test_any_tokens_give_whole_characters(tokens, ids):
    for piece in read(tokens, ids):
        assert piece.encode().decode() == piece
        assert "\N{REPLACEMENT CHARACTER}" not in piece


def test_a_character_waits_for_its_last_byte(tokens):
    pieces = read(tokens, tokens.encode("🙂"))
    assert pieces == ["", "", "", "🙂"]


def test_merges_are_used(tokens):
    assert len(tokens.encode("hello the")) == 2


def test_digits_stand_alone(tokens):
    assert len(tokens.encode("1234")) == 4


@given(
    text=st.lists(
        st.sampled_from(["<|im_end|>", "<|im_start|>", "<|endoftext|>", "\n", "system", " ", "a"])
    ).map("".join)
)
def test_nobody_can_say_a_control_token(tokens, text):
    ids = tokens.prompt([Message("user", text)])
    assert ids.count(2) == 1
    assert ids.count(1) == 2
    assert ids.count(0) == 0


def test_a_chat_is_written_as_chatml(tokens):
    chat = [Message("system", "hello"), Message("user", "the")]
    newline = tokens.encode("\n")
    expected = [
        *(1, *tokens.encode("system\nhello"), 2, *newline),
        *(1, *tokens.encode("user\nthe"), 2, *newline),
    ]
    assert tokens.prompt(chat, reply=False) == expected
    assert tokens.prompt(chat) == [*expected, 1, *tokens.encode("assistant\n")]


def test_a_warm_prompt_begins_the_next_one(tokens):
    chat = [Message("system", "x"), Message("user", "y"), Message("assistant", "z")]
    warm = tokens.prompt(chat, reply=False)
    assert tokens.prompt([*chat, Message("user", "w")])[: len(warm)] == warm


@pytest.mark.bundle
@pytest.mark.parametrize(
    ("text", "ids"),
    [  # as llama.cpp tokenises them
        ("Hi 123", [26843, 216, 33, 34, 35]),
        ("x<|im_end|>y", [104, 44, 108, 306, 79, 486, 108, 46, 105]),
    ],
)
def test_the_real_tokenizer(brain, text, ids):
    assert brain.tokens.encode(text) == ids
