import hashlib
import json

import numpy as np
import pytest

from talkover.core.errors import DataError
from talkover.trainer.data.texts import split_of
from talkover.trainer.seeing.questions.asking import question, questions, reasons
from talkover.trainer.seeing.questions.draws import Draws, split_of_all
from talkover.trainer.seeing.questions.files import QUESTIONS, write_questions
from talkover.trainer.seeing.questions.phrases import ask, forms
from talkover.trainer.seeing.questions.question import CANT_TELL, Kind, Split
from talkover.trainer.seeing.questions.rendering.fonts import FONTS
from talkover.trainer.seeing.questions.scoring import is_right

SLOTS = {
    "thing": "cup",
    "other": "key",
    "a": "a cup",
    "plural": "cups",
    "colour": "red",
    "side": "to the left",
    "text": "Kowalski",
}

GOLDEN = ["35d1e156e16c95f1", "663b31ffb0440499"]
"""Of the first question about a colour and about a sign, with the packages as they are pinned."""


def digest(one):
    whole = hashlib.sha256()
    for picture in one.pictures:
        whole.update(picture.tobytes())
    return whole.hexdigest()[:16]


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_keeps_its_promises(kind):
    for split in (Split.TRAIN, Split.TEST):
        one = question(1, split, kind)
        assert one.kind is kind
        assert one.split is split
        assert split_of(one.question) is split
        assert len(one.pictures) == len(one.times) >= 1
        assert list(one.times) == sorted(one.times)
        assert one.times[-1] <= one.moment
        for picture in one.pictures:
            assert picture.dtype == np.uint8
            assert picture.ndim == 3
            assert max(picture.shape[:2]) <= 640
        assert one.answer not in one.accepted
        assert (one.answer == CANT_TELL) == bool(one.reason)
        assert all(is_right(one, said) for said in (one.answer, *one.accepted))
        assert one.answerable != is_right(one, "I can't tell.")


def test_the_same_number_is_the_same_question_and_others_are_others():
    first, again = question(4, Split.TRAIN, Kind.CHARTS), question(4, Split.TRAIN, Kind.CHARTS)
    assert (first.question, first.answer, first.times) == (
        again.question,
        again.answer,
        again.times,
    )
    assert digest(first) == digest(again)
    others = [
        question(5, Split.TRAIN, Kind.CHARTS),
        question(4, Split.TEST, Kind.CHARTS),
        question(4, Split.TRAIN, Kind.CHARTS, seed=1),
    ]
    assert len({digest(one) for one in (first, *others)}) == 4


def test_kinds_come_in_turn():
    some = questions(Split.VALIDATION)
    assert next(some).kind is Kind.OBJECTS
    assert next(some).kind is Kind.COLOURS


def test_a_picture_is_the_same_to_the_last_pixel_wherever_it_is_drawn():
    told = [digest(question(0, Split.TEST, kind)) for kind in (Kind.COLOURS, Kind.WORDS)]
    assert told == GOLDEN


def test_nobody_can_see_in_the_dark():
    number = next(n for n in range(400) if question(n, Split.TRAIN, Kind.CHARTS).reason == "dark")
    one = question(number, Split.TRAIN, Kind.CHARTS)
    assert one.pictures[0].max() < 20
    assert is_right(one, "I can't see anything.")
    assert "dark" in reasons(Kind.CHARTS)


@pytest.mark.parametrize("split", Split)
def test_every_form_has_wordings_of_every_split(split):
    draws = Draws(split, [1])
    for kind in Kind:
        for form in forms(kind):
            said = {ask(kind, form, SLOTS, draws) for _ in range(10)}
            assert len(said) > 4
            assert all(split_of(one) is split for one in said)


def test_what_is_not_there_cannot_be_asked():
    with pytest.raises(DataError, match=r"no colours\.smell"):
        ask("colours", "smell", {}, Draws(Split.TRAIN, [1]))
    with pytest.raises(DataError, match="no smells"):
        Draws(Split.TRAIN, [1]).texts("smells", 1)


def test_texts_layouts_and_fonts_are_in_one_split_each():
    train, test = (Draws(split, [2]) for split in (Split.TRAIN, Split.TEST))
    for name in ("sign", "name", "item", "category", "title", "message", "button"):
        assert not set(train.texts(name, 40)) & set(test.texts(name, 3))
    assert not set(FONTS[Split.TRAIN]) & set(FONTS[Split.TEST])
    places = [split_of_all("scene", number) for number in range(1_000)]
    assert {places.count(split) // 50 for split in Split} <= {1, 2, 15, 16}
    assert {len(train.digits(3)) for _ in range(20)} == {3}


def test_questions_become_files(tmp_path):
    page = write_questions(tmp_path, 2, Split.TRAIN, Kind.CHARTS, 0)
    lines = [json.loads(line) for line in (tmp_path / QUESTIONS).read_text().splitlines()]
    assert [line["number"] for line in lines] == [0, 1]
    assert all((tmp_path / name).is_file() for line in lines for name in line["pictures"])
    assert page.read_text().count("<figure") == 2
