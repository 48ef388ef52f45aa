import pytest
from hypothesis import given
from hypothesis import strategies as st
from sights import RED, plain, scene, sight

from talkover.core.seer.types import Word
from talkover.server.thinking import Message, Scene
from talkover.server.thinking.telling import MAX_WRITTEN, caption, tell, written

CHAT = [Message("system", "Be kind."), Message("user", "What does it say?")]


def words(*texts, confidence=0.9):
    return [Word(text, (0.0, 0.0, 1.0, 1.0), confidence) for text in texts]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (3.0, "Now:"),
        (2.6, "Now:"),
        (3.4, "Now:"),
        (1.0, "2.0 seconds earlier:"),
        (4.0, "1.0 seconds later:"),
    ],
)
def test_a_caption_tells_the_moment(at, told):
    shown = sight(plain(RED), at)
    assert caption(scene(shown, asked=3.0), shown) == told


def test_without_words_the_last_picture_is_the_moment():
    early, late = sight(plain(RED), 1.0), sight(plain(RED), 5.0)
    assert caption(Scene(sights=(early, late)), early) == "4.0 seconds earlier:"
    assert caption(Scene(sights=(early, late)), late) == "Now:"


def test_what_is_written_comes_in_order_and_guesses_do_not():
    read = [*words("GATE", "12"), *words("bl4h", confidence=0.2), *words("EXIT")]
    assert written(read) == "GATE 12 EXIT"


def test_a_long_page_is_cut_between_words():
    assert written(words(*["word"] * 100), limit=14) == "word word word …"
    assert written(words("a" * 50), limit=14) == ""


@given(st.lists(st.text(max_size=30), max_size=40))
def test_what_is_written_can_be_quoted(texts):
    told = written(words(*texts))
    assert told.isprintable()
    assert not set(told) & set('"“”')
    assert len(told) <= MAX_WRITTEN + 2


def test_the_last_message_begins_with_what_is_in_view():
    chat = tell(CHAT, scene(sight(plain(RED), words=["EXIT"])))
    assert chat[0] == CHAT[0]
    assert chat[1].role == "user"
    assert chat[1].content == ('I show you a picture. In it is written: "EXIT".\nWhat does it say?')


def test_several_pictures_have_their_moments():
    shown = [sight(plain(RED), at, [text]) for at, text in ((0.0, "A"), (1.0, "B"), (3.0, "C"))]
    lines = tell(CHAT, scene(*shown))[-1].content.split("\n")
    assert lines == [
        '2.0 seconds earlier: I show you a picture. In it is written: "B".',
        'Now: I show you a picture. In it is written: "C".',
        "What does it say?",
    ]


def test_blank_and_wordless_pictures_are_told():
    assert "blank" in tell(CHAT, scene(sight(plain(RED), blank=True)))[-1].content
    assert "Nothing is written" in tell(CHAT, scene(sight(plain(RED))))[-1].content


@pytest.mark.parametrize("shown", [None, Scene(), scene(sight(plain(RED), looked=False))])
def test_where_nobody_looked_nothing_is_told(shown):
    assert tell(CHAT, shown) == CHAT


def test_only_the_callers_words_are_told_of():
    chat = [*CHAT, Message("assistant", "Exit.")]
    assert tell(chat, scene(sight(plain(RED), words=["EXIT"]))) == chat
