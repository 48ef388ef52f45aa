"""Whether an answer is right, however it is put. Pure.

An answer is right when it holds an accepted one and nothing else that says something: no other
colour, thing, side or number, no "not", no "or". Where nobody can tell, it is right to say so.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from talkover.trainer.seeing.questions.question import Kind, Question
from talkover.trainer.seeing.questions.rendering.colours import ALSO, COLOURS
from talkover.trainer.seeing.questions.rendering.things import things
from talkover.trainer.seeing.questions.tokens import joined, tokens_of

_LONGEST: Final = 40
"""Tokens: whoever says more has not answered a question."""
_REFUSING: Final = re.compile(
    r"\b(cant|cannot|could ?nt|couldnt|unable to|can not) "
    r"(really |quite |actually )?(tell|see|say|read|make|answer|determine|know|find|recogni[sz]e)"
    r"|\b(dont|do not|didnt|did not) (know|see|find|have)"
    r"|\b(not sure|no idea|unclear|too dark|too blurr)"
    r"|\bnothing (is |to )?(there|written|visible|see|shown)"
    r"|\b(there is|theres|i see) (no|nothing|nobody)\b"
    r"|\b(its|is) (blank|empty|off|black|covered|blurred|blurry|not (there|visible|in))\b"
)
_GUESSING: Final = frozenset({"maybe", "perhaps", "probably", "guess", "but", "might", "could"})
_BLOCKED: Final = frozenset(
    {"or", "and", "not", "no", "neither", "nor", "either", "isnt", "arent", "maybe", "both", "but"}
)
_SAYING: Final = frozenset(
    {
        *("is", "it", "its", "this", "that", "there", "theres", "are", "was", "were"),
        *("i", "see", "you", "can", "your", "says", "say", "said", "reads", "read"),
        *("shows", "show", "written", "on", "in", "at", "to", "of", "for", "by", "as"),
        *("with", "has", "have", "had", "be", "been", "looks", "like", "think"),
        *("number", "colour", "color", "code", "error", "sign", "side", "picture"),
        *("image", "display", "button", "window", "title", "message", "room"),
        *("extension", "price", "value", "costs", "cost", "pounds", "pound", "dollars"),
        *("euros", "pence", "cents", "called", "thing", "object", "here", "now"),
        *("before", "first", "earlier", "currently", "answer", "part", "half", "hand"),
        *("highest", "lowest", "biggest", "smallest", "largest", "bigger", "larger"),
        *("smaller", "most", "least", "highlighted", "selected", "missing", "gone"),
        *("new", "added", "removed", "total", "just", "all", "they", "them", "what"),
        *("which", "he", "she", "one", "well", "yes", "sure", "okay", "some", "point"),
    }
)
_YES: Final = frozenset({"yes", "yeah", "yep", "yup", "indeed", "sure", "correct"})
_NO: Final = frozenset({"no", "nope", "nah"})
_SIDES: Final = frozenset({"left", "right", "top", "bottom", "above", "below", "middle", "centre"})


def is_right(question: Question, said: str) -> bool:
    """Whether somebody who says this has answered a question.

    Args:
        question: What was asked.
        said: The answer, free text.
    """
    tokens = tokens_of(said)
    if not tokens or len(tokens) > _LONGEST:
        return False
    if not question.answerable:
        return refuses(said) and not _GUESSING & set(tokens)
    if question.kind is Kind.PRESENCE:
        return _polarity(tokens) == question.answer
    if refuses(said):
        return False
    asked = set(tokens_of(question.question))
    return any(
        _only(rest, asked, question)
        for accepted in _accepted(question)
        for rest in _without(tokens, accepted)
    )


def refuses(said: str) -> bool:
    """Whether somebody says that they can't tell, or that there is nothing to be told."""
    return bool(_REFUSING.search(" ".join(_words(said))))


def _accepted(question: Question) -> list[list[str]]:
    """The longest first, so that "coffee cup" is not a cup with a word too many."""
    found = [tokens_of(text) for text in (question.answer, *question.accepted)]
    return sorted(found, key=len, reverse=True)


def _without(tokens: list[str], accepted: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """What stands before and after each place where an answer holds an accepted one."""
    if sum(token.isdigit() for token in accepted) == 1:
        tokens = joined(tokens)
    size = len(accepted)
    for place in range(len(tokens) - size + 1):
        if tokens[place : place + size] == accepted:
            yield tokens[:place], tokens[place + size :]


def _only(rest: tuple[list[str], list[str]], asked: set[str], question: Question) -> bool:
    """Whether nothing else is said."""
    rivals = _rivals(question)
    before, after = rest
    choosing = "or" in asked
    for part, may_name in ((before, not choosing), (after, True)):
        for token in part:
            if token in _BLOCKED:
                return False
            named = token in rivals or token.isdigit()
            if named and not (token in asked and may_name):
                return False
            if not named and token not in asked and token not in _SAYING:
                return False
    return True


def _rivals(question: Question) -> frozenset[str]:
    """Words that would be another answer of the same sort."""
    for some in (_colours(), _things(), _SIDES):
        if set(tokens_of(question.answer)) <= some:
            return some
    return frozenset()


def _polarity(tokens: Sequence[str]) -> str:
    """Yes or no; empty: neither, or both."""
    words = set(tokens)
    yes, no = bool(words & _YES), bool(words & _NO)
    denied = no or bool(
        words & {"isnt", "arent", "not", "dont", "cant", "cannot", "havent", "none"}
    )
    if yes and not denied:
        return "yes"
    if no and not yes:
        return "no"
    seen = tokens[:2] in (["there", "is"], ["i", "see"], ["i", "can"], ["you", "have"])
    if yes or not seen:
        return ""
    return "no" if denied else "yes"


def _words(said: str) -> list[str]:
    plain = said.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    return re.findall(r"\w+", plain)


@cache
def _colours() -> frozenset[str]:
    return frozenset(COLOURS) | {
        token for one in ALSO.values() for name in one for token in tokens_of(name)
    }


@cache
def _things() -> frozenset[str]:
    names = (name for one in things().values() for name in (one.name, one.plural, *one.also))
    return frozenset(token for name in names for token in tokens_of(name))
