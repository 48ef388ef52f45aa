"""From written words to what is said for each: pure, and one spoken form for one written word.

A written word stays the unit throughout, so "$5.20" is one word in the transcript and in the
heard text, however many are said for it.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

STOPS: Final = ".?!;:,"
"""Punctuation that shapes speech, strongest first; ``.?!`` end a sentence."""

_ABBREVIATIONS: Final = {
    "dr": "Dr", "mr": "Mr", "mrs": "Mrs", "ms": "Ms", "st": "St", "mt": "Mount",
    "prof": "professor", "jr": "junior", "sr": "senior", "gen": "general", "col": "colonel",
    "capt": "captain", "sgt": "sergeant", "lt": "lieutenant", "rev": "reverend", "hon": "honorable",
    "gov": "governor", "sen": "senator", "rep": "representative", "vs": "versus",
    "e.g": "for example", "i.e": "that is", "approx": "approximately", "dept": "department",
    "ave": "avenue", "blvd": "boulevard", "ext": "extension", "inc": "incorporated",
    "corp": "corporation", "ph.d": "P H D", "ft": "foot", "fig": "figure", "vol": "volume",
}  # fmt: skip
"""Written with a full stop that ends no sentence (lower case, without it) → what is said."""

_CURRENCIES: Final = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
}
_SCALES: Final = frozenset({"hundred", "thousand", "million", "billion", "trillion"})
_SYMBOLS: Final = {"&": "and", "@": "at", "+": "plus", "=": "equals", "%": "percent"}

_MONEY: Final = re.compile(r"([$£€])(\d{1,3}(?:,?\d{3}){0,4})(?:\.(\d{1,2}))?")
_CLOCK: Final = re.compile(r"(\d{1,2})(?::(\d\d))?(?:([ap])\.?m)?", re.IGNORECASE)
_TELEPHONE: Final = re.compile(r"(?:\+?\d{1,3}-)?(?:\d{3}-)?\d{3}-\d{4}")
_RANGE: Final = re.compile(r"(\d+)[-–](\d+)")  # noqa: RUF001 - typographic dashes are meant
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LONG_NUMBER: Final = re.compile(r"\d{13,}")
_OPENERS: Final = "\"'([{<«“‘„¿¡*_`~"  # noqa: RUF001 - typographic quotes are meant
_CLOSERS: Final = "\"')]}>»”’*_`~"  # noqa: RUF001 - typographic quotes are meant
_MARKS: Final = ".,;:!?…—–-"  # noqa: RUF001 - typographic dashes are meant
_JOINS: Final = str.maketrans(dict.fromkeys("-–—/_\\|~^*`[]{}<>", " "))  # noqa: RUF001 - as above


@dataclass(frozen=True, slots=True)
class Token:
    """A written word.

    Attributes:
        text: As written, without the spaces around it.
        spoken: What is said for it; empty for a word without a sound.
        stop: One of ``STOPS`` if the voice pauses after it, else empty.
    """

    text: str
    spoken: str
    stop: str


def stop_after(word: str, *, last: bool) -> str:
    """The pause that a written word's punctuation asks for: one of ``STOPS`` or empty.

    The full stop of an abbreviation ("Dr."), an initial ("J."), an initialism ("U.S.") or a
    number in a list ("1.") asks for none, unless the word is the last.
    """
    _, core, marks = _peel(word)
    if word in ("-", "–"):  # noqa: RUF001 - a dash that stands alone
        return ","
    if marks in ("-", "–"):  # noqa: RUF001 - a dash that only joins
        return ""
    if marks[:1] == "." and not last and _owns_full_stop(word, core):
        marks = marks[1:]
    marks = marks.replace("…", ".")
    if any(dash in marks for dash in "-–—"):  # noqa: RUF001 - typographic dashes are meant
        marks += ","
    return next((mark for mark in "?!.;:," if mark in marks), "")


def tokenise(text: str, *, english: bool) -> list[Token]:
    """Split a text at white space and give every written word its spoken form.

    Args:
        text: Anything.
        english: Say abbreviations, money and times in English, and leave out letters that are
            not Latin (an English phonemiser would name each). Otherwise they are left to the
            phonemiser.

    Returns:
        One token for each of ``text.split()``, in order.
    """
    words = text.split()
    tokens: list[Token] = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        before = words[index - 1] if index else ""
        _, core, marks = _peel(word)
        spoken = _expand(core, marks, before, following) if english else core
        stop = stop_after(word, last=not following)
        tokens.append(Token(word, _sounding(spoken, english), stop))
    return tokens


def _peel(word: str) -> tuple[str, str, str]:
    """A word as opening marks, core, and the punctuation behind it (without closing marks)."""
    start = 0
    while start < len(word) and word[start] in _OPENERS:
        start += 1
    end = len(word)
    while end > start and word[end - 1] in _CLOSERS + _MARKS:
        end -= 1
    behind = "".join(mark for mark in word[end:] if mark in _MARKS)
    return word[:start], word[start:end], behind


def _owns_full_stop(word: str, core: str) -> bool:
    listed = core.isdigit() and len(core) <= 2 and word == core + "."
    return listed or core.lower() in _ABBREVIATIONS or bool(_INITIALS.fullmatch(core))


def _expand(core: str, marks: str, before: str, following: str) -> str:
    """What is said for an English word, its outer punctuation gone."""
    low = core.lower()
    if marks.startswith(".") and low in _ABBREVIATIONS:
        return _ABBREVIATIONS[low]
    if low == "no" and marks.startswith(".") and following[:1].isdigit():
        return "number"
    if low in ("am", "a.m") and before[-1:].isdigit():
        return "A.M."
    if found := _MONEY.fullmatch(core):
        return _money(found, _peel(following)[1].lower() in _SCALES)
    if low in _SCALES and (found := _MONEY.fullmatch(_peel(before)[1])):
        return f"{core} {_CURRENCIES[found[1]][1]}"
    return _SYMBOLS.get(core) or _numeric(core)


def _numeric(core: str) -> str:
    """What is said for a time, a telephone number, a range, a rank or an initialism."""
    if (found := _CLOCK.fullmatch(core)) and (found[2] or found[3]):
        return _clock(found)
    if _TELEPHONE.fullmatch(core):
        return " ".join(core.replace("-", " ").replace("+", ""))
    if found := _RANGE.fullmatch(core):
        return f"{found[1]} to {found[2]}"
    if core[:1] == "#" and core[1:].isdigit():
        return f"number {core[1:]}"
    if "." in core and _INITIALS.fullmatch(core):
        return core + "."
    return core.replace("&", " and ")


def _money(found: re.Match[str], scaled: bool) -> str:
    """Say an amount; before "million", the currency is said after it, with that word."""
    one, many, cent, cents = _CURRENCIES[found[1]]
    if scaled:
        return found[2] + (f".{found[3]}" if found[3] else "")
    whole = f"{found[2]} {one if found[2] == '1' else many}"
    part = int((found[3] or "0").ljust(2, "0"))
    if not part:
        return whole
    small = f"{part} {cent if part == 1 else cents}"
    return small if found[2] == "0" else f"{whole} and {small}"


def _clock(found: re.Match[str]) -> str:
    hour, minute = str(int(found[1])), found[2]
    half = {"a": " A.M.", "p": " PM", "": ""}[(found[3] or "").lower()]
    if minute is None or (minute == "00" and half):
        return hour + half
    if minute == "00":
        return f"{hour} o'clock" if 0 < int(hour) <= 12 else f"{hour} hundred"
    return f"{hour} {'oh ' if minute[0] == '0' else ''}{int(minute)}{half}"


def _sounding(spoken: str, english: bool) -> str:
    """Without what cannot be said; empty if nothing is left that has a sound."""
    spoken = _LONG_NUMBER.sub(lambda found: " ".join(found[0]), spoken.translate(_JOINS))
    kept = "".join(
        " " if unicodedata.category(char)[0] == "Z" else char
        for char in unicodedata.normalize("NFKC", spoken)
        if _sayable(char, english)
    )
    return " ".join(kept.split()) if any(map(_sounds, kept)) else ""


def _sounds(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN" or char in _SYMBOLS or char in _CURRENCIES


def _sayable(char: str, english: bool) -> bool:
    category = unicodedata.category(char)
    if category[0] == "C" or category in ("So", "Sk"):  # control, unassigned, emoji
        return False
    if english and category[0] in "LM" and not char.isascii():
        return unicodedata.name(char, "").startswith(("LATIN", "COMBINING"))
    return True
