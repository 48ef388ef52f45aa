import pytest
from hypothesis import given
from hypothesis import strategies as st
from sights import RED, plain, scene, sight

from talkover.server.thinking import Message, Scene
from talkover.server.thinking.telling import caption, tell

CHAT = [Message("system", "Be kind."), Message("user", "What does it say?")]


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


@given(st.lists(st.text(max_size=30), min_size=1, max_size=9))
def test_what_is_written_cannot_end_its_quotation(texts):
    told = tell(CHAT, scene(sight(plain(RED), words=texts)))[-1].content
    assert told.startswith('The picture says "')
    assert told.endswith('".\nWhat does it say?')
    assert told.count('"') == 2


def test_the_last_message_begins_with_what_is_in_view():
    chat = tell(CHAT, scene(sight(plain(RED), words=["EXIT"])))
    assert chat[0] == CHAT[0]
    assert chat[1].role == "user"
    assert chat[1].content == 'The picture says "top left: EXIT".\nWhat does it say?'


def test_several_pictures_have_their_moments():
    shown = [sight(plain(RED), at, [text]) for at, text in ((0.0, "A"), (1.0, "B"), (3.0, "C"))]
    lines = tell(CHAT, scene(*shown))[-1].content.split("\n")
    assert lines == [
        '2.0 seconds earlier: The picture says "top left: B".',
        'Now: The picture says "top left: C".',
        "What does it say?",
    ]


def test_blank_and_wordless_pictures_are_told():
    assert "blank" in tell(CHAT, scene(sight(plain(RED), blank=True)))[-1].content
    assert "cannot see" in tell(CHAT, scene(sight(plain(RED))))[-1].content


@pytest.mark.parametrize("shown", [None, Scene(), scene(sight(plain(RED), looked=False))])
def test_where_nobody_looked_nothing_is_told(shown):
    assert tell(CHAT, shown) == CHAT


def test_only_the_callers_words_are_told_of():
    chat = [*CHAT, Message("assistant", "Exit.")]
    assert tell(chat, scene(sight(plain(RED), words=["EXIT"]))) == chat
