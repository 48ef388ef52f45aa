"""What an engine can say of an accent's sounds, and what it says instead of the others. Pure.

An engine's own sounds are those of the people it was made from. A label has to tell what is heard,
so what comes out of here is what the engine says, in IPA, and no longer what the accent asked for.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from talkover.core.errors import DataError
from talkover.trainer.data.accents import Accent, SaidWord
from talkover.trainer.data.espeak import phonemes
from talkover.trainer.data.rules import Phone


@dataclass(frozen=True, slots=True)
class Inventory:
    """Sounds of an engine.

    Attributes:
        accents: That it is fit for.
        own: The engine's name of each, by IPA.
        instead: By IPA: own sounds that come nearest to a sound that it has not.

    In both, a lexical set or a consonant may stand before a sound, if this is for the sounds that
    realise it only.
    """

    accents: tuple[str, ...]
    own: dict[str, str]
    instead: dict[str, tuple[str, ...]]

    def say(self, words: Sequence[SaidWord]) -> list[SaidWord]:
        """Words as the engine says them: each sound is one of its own.

        Raises:
            DataError: a sound has none that stands for it; the message names it.
        """
        return [
            SaidWord(word.text, tuple(said for phone in word.phones for said in self._one(phone)))
            for word in words
        ]

    def missing(self, accent: Accent) -> dict[str, str]:
        """Sounds of an accent that it has not, and what it says instead, both in IPA.

        Raises:
            DataError: a sound has none that stands for it; the message names it.
        """
        found: dict[str, list[str]] = {}
        for phone in _sounds_of(accent):
            if phone.symbol not in self.own:
                said = " ".join(said.symbol for said in self._one(phone))
                found.setdefault(phone.symbol, []).append(said)
        return {symbol: " or ".join(dict.fromkeys(said)) for symbol, said in found.items()}

    def name(self, phone: Phone) -> str:
        """What the engine calls one of its own sounds."""
        return self.own.get(f"{phone.key} {phone.symbol}") or self.own[phone.symbol]

    def ipa(self, name: str) -> str:
        """The first sound that the engine calls so.

        Raises:
            DataError: it says something that was not asked for.
        """
        found = next((symbol for symbol, own in self.own.items() if own == name), None)
        if found is None:
            raise DataError(f"an engine says {name!r}, which is no sound of its own")
        return found

    def _one(self, phone: Phone) -> Iterator[Phone]:
        said = self.instead.get(f"{phone.key} {phone.symbol}")
        if said is None and phone.symbol in self.own:
            yield phone
            return
        said = said or self.instead.get(phone.symbol)
        if said is None:
            raise DataError(f"an engine has nothing to say for {phone.symbol!r}; see sounds.toml")
        for place, symbol in enumerate(said):
            yield Phone(symbol, 0 if place else phone.stress, phone.key)


def _sounds_of(accent: Accent) -> list[Phone]:
    """All that may come out of an accent, each with what it realises."""
    found = [Phone(symbol, key=symbol) for symbol in phonemes().consonants.values()]
    found += [Phone(symbol, key=key) for key, said in accent.vowels.items() for symbol in said]
    for rule in accent.rules:
        changed = [phone for phone in found if phone.symbol == rule.target]
        found += [replace(phone, symbol=symbol) for phone in changed for symbol in rule.into]
    return list(dict.fromkeys(found))


@cache
def inventory(name: str) -> Inventory:
    """One of ``sounds.toml``, read once.

    Raises:
        DataError: there is none of this name.
    """
    data = tomllib.loads(files(__package__).joinpath("sounds.toml").read_text("utf-8"))
    if name not in data:
        raise DataError(f"no inventory {name!r}; there are {', '.join(data)}")
    own: dict[str, str] = {}
    instead: dict[str, str] = {}
    fit: list[str] = []
    for some in _line(data, name):
        own |= some.get("own", {})
        instead |= some.get("instead", {})
        fit = some.get("accents", fit)
    return Inventory(
        tuple(fit), own, {sound: tuple(said.split()) for sound, said in instead.items()}
    )


def _line(data: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """What it is like, if anything, before itself."""
    if "like" in data[name]:
        yield from _line(data, data[name]["like"])
    yield data[name]
