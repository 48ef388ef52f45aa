"""Sound changes as linguists write them: ``t > ɾ / V _ V0``. Pure.

``A > B / X _ Y``: A becomes B (several sounds, or ∅) where X comes before it and Y after. A context
is a sound, a class, a set of them in braces, or nothing. Classes: V a vowel (V1 with stress, V0
without), C a consonant, K a voiceless one, # the edge of a word (sounds of the next word are seen
behind it by nobody).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from talkover.core.errors import DataError

NOTHING: Final = "∅"
_VOWELS: Final = frozenset("aeiouyæɑɐɒɔəɘɜɝɚɛɞɤɨɪɯɵøœʉʊʌʏɶ")
_VOICELESS: Final = frozenset("ptkfθsʃhxʈʔʍ") | {"tʃ"}
_CLASSES: Final = frozenset({"V", "V0", "V1", "C", "K", "#"})


@dataclass(frozen=True, slots=True)
class Phone:
    """A sound as somebody says it.

    Attributes:
        symbol: IPA.
        stress: Of a vowel: 1 main, 2 secondary, 0 none.
        key: The lexical set or consonant that it realises.
    """

    symbol: str
    stress: int = 0
    key: str = ""

    @property
    def vowel(self) -> bool:
        """Its first letter is a vowel's."""
        return self.symbol[:1] in _VOWELS

    @property
    def voiceless(self) -> bool:
        """A consonant without voice, with or without a mark."""
        return self.symbol in _VOICELESS or self.symbol[:1] in _VOICELESS


@dataclass(frozen=True, slots=True)
class Rule:
    """One sound change, read from its line.

    Attributes:
        text: As it is written.
        target: What changes.
        into: What it becomes; empty for nothing.
        before: What has to come before it; empty for anything.
        after: What has to come after it; empty for anything.
    """

    text: str
    target: str
    into: tuple[str, ...]
    before: frozenset[str]
    after: frozenset[str]

    @classmethod
    def read(cls, text: str) -> "Rule":
        """Read a line.

        Raises:
            DataError: it is no rule; the message quotes it.
        """
        change, slash, context = text.partition("/")
        target, arrow, into = (part.strip() for part in change.partition(">"))
        left, place, right = (part.strip() for part in context.partition("_"))
        if not target or not arrow or not into or (slash and not place) or " " in target:
            raise DataError(f"{text!r} is no sound change; write it like 't > ɾ / V _ V0'")
        sounds = () if into == NOTHING else tuple(into.split())
        return cls(text, target, sounds, _context(left, text), _context(right, text))

    def apply(self, phones: Sequence[Phone]) -> list[Phone]:
        """Change a word; every place is judged by the word as it was."""
        found: list[Phone] = []
        for place, phone in enumerate(phones):
            before = phones[place - 1] if place else None
            after = phones[place + 1] if place + 1 < len(phones) else None
            if (
                phone.symbol == self.target
                and _fits(before, self.before)
                and _fits(after, self.after)
            ):
                found += [replace(phone, symbol=symbol) for symbol in self.into]
            else:
                found.append(phone)
        return found


def _context(written: str, text: str) -> frozenset[str]:
    if written.startswith("{") != written.endswith("}") or " " in written:
        raise DataError(f"{text!r}: the context {written!r} is neither a sound nor a set of them")
    return frozenset(part for part in written.strip("{}").split(",") if part)


def _fits(phone: Phone | None, wanted: frozenset[str]) -> bool:
    if not wanted:
        return True
    if phone is None:
        return "#" in wanted
    if phone.symbol in wanted - _CLASSES:
        return True
    if phone.vowel:
        return bool({"V", "V1" if phone.stress == 1 else "V0"} & wanted)
    return "C" in wanted or (phone.voiceless and "K" in wanted)
