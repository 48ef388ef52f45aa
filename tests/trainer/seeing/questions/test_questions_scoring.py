import numpy as np
import pytest

from talkover.trainer.seeing.questions.question import CANT_TELL, Kind, Question, Split
from talkover.trainer.seeing.questions.scoring import is_right, refuses
from talkover.trainer.seeing.questions.tokens import joined, tokens_of


def asked(kind, question, answer, *accepted, reason=""):
    picture = np.zeros((8, 8, 3), np.uint8)
    return Question(
        0, kind, question, answer, accepted, (picture,), (1.0,), 2.0, Split.TEST, reason
    )


COLOUR = asked(Kind.COLOURS, "What colour is the cup?", "red", "dark red")
THING = asked(Kind.OBJECTS, "What is this?", "cup", "mug", "coffee cup")
PAIR = asked(Kind.SIZES, "Which is bigger, the cup or the key?", "cup", "mug")
COUNT = asked(Kind.COUNTS, "How many cups are there?", "three", "3")
NUMBER = asked(Kind.DIGITS, "What number does it say?", "4729")
SIGN = asked(Kind.WORDS, "What does the sign say?", "beware of the dog")
PRICE = asked(Kind.LABELS, "How much is the soup?", "4.60")
CODE = asked(Kind.SCREENS, "What is the error code?", "b423")
SIDE = asked(Kind.POSITIONS, "Is the cup on the left or on the right?", "left")
BESIDE = asked(Kind.POSITIONS, "What is left of the key?", "cup")
YES = asked(Kind.PRESENCE, "Is there a cup?", "yes")
NO = asked(Kind.PRESENCE, "Is there a cup?", "no")
DARK = asked(Kind.COLOURS, "What colour is the cup?", CANT_TELL, reason="dark")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (COLOUR, "red"),
        (COLOUR, "The cup is red."),
        (COLOUR, "It's dark red"),
        (THING, "A mug."),
        (THING, "This is a coffee cup."),
        (PAIR, "The cup is bigger."),
        (COUNT, "There are 3 cups."),
        (COUNT, "three"),
        (NUMBER, "4,729"),
        (NUMBER, "It says forty-seven twenty-nine."),
        (NUMBER, "four seven two nine"),
        (NUMBER, "four thousand seven hundred and twenty nine"),
        (SIGN, "It says: \u201cBEWARE OF THE DOG\u201d"),
        (PRICE, "4.60"),
        (PRICE, "The soup is four pounds sixty."),
        (CODE, "The error code is B 423."),
        (CODE, "B four two three"),
        (SIDE, "On the left."),
        (SIDE, "It is on the left side"),
        (BESIDE, "The cup is left of the key."),
        (YES, "Yes, there is a cup."),
        (YES, "I can see one."),
        (NO, "No, I can't see a cup."),
        (NO, "There is no cup here."),
        (DARK, "I can't tell."),
        (DARK, "Sorry, I cannot see that: it is too dark."),
    ],
)
def test_right_answers_are_right_however_they_are_put(question, said):
    assert is_right(question, said)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (COLOUR, "blue"),
        (COLOUR, "red or blue"),
        (COLOUR, "It is not red."),
        (COLOUR, "red blue green yellow"),
        (COLOUR, "I can't tell, red perhaps"),
        (COLOUR, ""),
        (THING, "a cup and a key"),
        (THING, "phone"),
        (PAIR, "The cup or the key"),
        (PAIR, "The key is bigger than the cup"),
        (COUNT, "thirty three"),
        (COUNT, "3 or 4"),
        (NUMBER, "47291"),
        (NUMBER, "472"),
        (SIGN, "beware of the cat"),
        (SIGN, "beware"),
        (PRICE, "460"),
        (PRICE, "4.50"),
        (CODE, "423"),
        (SIDE, "left or right"),
        (SIDE, "On the right, not on the left"),
        (YES, "No."),
        (YES, "Yes and no"),
        (NO, "Yes."),
        (DARK, "red"),
        (DARK, "I can't tell, but it could be red"),
        (COLOUR, "red " * 60),
    ],
)
def test_wrong_answers_are_wrong(question, said):
    assert not is_right(question, said)


def test_numbers_are_digits_and_articles_do_not_count():
    assert tokens_of("The forty-seven cups") == ["47", "cups"]
    assert tokens_of("nine hundred and five, oh, two") == ["905", "0", "2"]
    assert tokens_of("two thousand") == ["2000"]
    assert joined(["say", "4", "72", "9", "x", "1"]) == ["say", "4729", "x", "1"]


def test_refusals_are_known_from_answers():
    assert refuses("I don\u2019t know.")
    assert refuses("There is nothing written on it.")
    assert not refuses("It says can of beans.")
