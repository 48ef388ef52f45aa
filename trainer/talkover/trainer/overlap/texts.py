"""What is said in generated overlaps, and which split a text belongs to."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, Literal

Kind = Literal["short", "long", "back", "side"]
"""Interruptions in a word or two, longer ones, backchannels, speech that is for others."""
KINDS: Final[tuple[Kind, ...]] = ("short", "long", "back", "side")


class Split(StrEnum):
    """What an overlap may be used for. No text and no caller's voice is in two of them."""

    TRAIN = "train"
    VALIDATION = "validation"
    HELD_OUT = "held-out"


@dataclass(frozen=True, slots=True)
class Said:
    """A text.

    Attributes:
        text: As it is written.
        language: ISO 639-1.
    """

    text: str
    language: str


def split_of(text: str) -> Split:
    """Of ten texts, about six are for training, two for validation and two are held out.

    What ``talkover bench duplex`` plays in its held-out calls is held out, too.
    """
    if _plain(text) in _reserved():
        return Split.HELD_OUT
    place = sha256(text.lower().encode()).digest()[0] % 10
    return Split.TRAIN if place < 6 else Split.VALIDATION if place < 8 else Split.HELD_OUT


@cache
def texts(kind: Kind, split: Split) -> tuple[Said, ...]:
    """All texts of a kind that are in a split."""
    return tuple(said for said in _all(kind) if split_of(said.text) is split)


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


@cache
def _reserved() -> frozenset[str]:
    return frozenset(map(_plain, _read()["reserved"]["texts"]))


@cache
def _read() -> dict[str, dict[str, list[str]]]:
    listed: dict[str, dict[str, list[str]]] = tomllib.loads(
        files(__package__).joinpath("texts.toml").read_text("utf-8")
    )
    return listed


@cache
def _all(kind: Kind) -> tuple[Said, ...]:
    spoken = {language: kinds for language, kinds in _read().items() if language != "reserved"}
    return tuple(Said(text, language) for language, kinds in spoken.items() for text in kinds[kind])
