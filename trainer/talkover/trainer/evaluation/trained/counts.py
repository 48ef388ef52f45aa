"""What is wrong with a text, counted. Needs eSpeak NG for the sounds; all else is pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz.distance import Levenshtein

from talkover.trainer.data.aligning.features import distances, edit_distance
from talkover.trainer.evaluation.accents_scoring import (
    Words,
    compared,
    normalised,
    phones_of,
    read_at_once,
)
from talkover.trainer.evaluation.trained.clips import Clip, Read
from talkover.trainer.reward.alignment import aligned
from talkover.trainer.reward.guards import looped
from talkover.trainer.reward.languages import misplaced, switches, tag
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.words import words_in

Confused = tuple[tuple[str, str], ...]
"""Sounds that were said, with those that were heard for them; empty: none."""

_FAR: Final = RewardPolicy().far


@dataclass(frozen=True, slots=True)
class Counts:
    """What is wrong with what was written of a clip.

    Attributes:
        read: The clip and the text.
        words: Of the reference.
        substitutions: Words that are others.
        deletions: Words that are missing.
        insertions: Words too many.
        phones: Sounds of the reference.
        phone_errors: Sounds that are wrong, missing or too many.
        apart: The same, a wrong sound costing what its articulation is wrong by.
        repeats: It says the same over and over, which nobody said.
        switched: Words of the reference that are not of the language of most words: points of
            interest (PIER, Ugan et al. 2025).
        switched_errors: Of those, such as are wrong or missing.
        switch_errors: Switches of language too many or too few, and words in another language than
            the word in their place.
        confused: Pairs of sounds, those that were heard right among them.
    """

    read: Read
    words: int
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    phones: int = 0
    phone_errors: float = 0.0
    apart: float = 0.0
    repeats: bool = False
    switched: int = 0
    switched_errors: int = 0
    switch_errors: int = 0
    confused: Confused = ()

    @property
    def clip(self) -> Clip:
        """That was heard."""
        return self.read.clip

    @property
    def errors(self) -> int:
        """Words that are wrong."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def any_word(self) -> bool:
        """Something was written."""
        return bool(words_in(self.read.written))


def count_all(reads: Sequence[Read]) -> list[Counts]:
    """Count what is wrong with texts.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    pairs = [_both(read) for read in reads]
    read_at_once([words for pair in pairs for words in pair])
    return [_count(read, said, written) for read, (said, written) in zip(reads, pairs, strict=True)]


def operations(said: Sequence[str], written: Sequence[str]) -> tuple[int, int, int]:
    """Substitutions, deletions and insertions that make the one of the other."""
    tags = [edit.tag for edit in Levenshtein.editops(said, written)]
    return tags.count("replace"), tags.count("delete"), tags.count("insert")


def missed(said: Sequence[str], written: Sequence[str], interest: Sequence[int]) -> int:
    """How many of some places of what was said are not written right."""
    right: set[int] = set()
    for edit in Levenshtein.opcodes(said, written):
        if edit.tag == "equal":
            right.update(range(edit.src_start, edit.src_end))
    return sum(place not in right for place in interest)


def switch_errors(words: Words, written: str) -> int:
    """How far the languages of a text are from those of what was said, as the reward has it."""
    reference = Reference.of(words)
    tokens, places = tag(words_in(written), reference.tokens)
    surplus = abs(switches(tokens) - switches(reference.tokens))
    return surplus + misplaced(tokens, places, reference.tokens)


def confusions(said: Sequence[str], heard: Sequence[str]) -> Confused:
    """Sounds beside one another, at the costs of the reward."""
    table = np.minimum(distances(said, heard) / _FAR, 1.0)
    return tuple(
        ("" if one is None else said[one], "" if other is None else heard[other])
        for one, other in aligned(table)
    )


def _both(read: Read) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    clip = read.clip
    if clip.words:
        return compared(clip.words, read.written)
    return [], normalised([(read.written, clip.language)])


def _count(read: Read, said: Words, written: Words) -> Counts:
    clip = read.clip
    texts = [[word for word, _ in words] for words in (said, written)]
    repeats = looped(texts[1]) > looped(texts[0])
    if not said:
        return Counts(read, 0, insertions=len(written), repeats=repeats)
    interest = [place for place, (_, language) in enumerate(said) if language != clip.language]
    phones, heard = phones_of(said), phones_of(written)
    return Counts(
        read,
        len(said),
        *operations(*texts),
        len(phones),
        edit_distance(phones, heard, weighted=False),
        edit_distance(phones, heard),
        repeats,
        len(interest),
        missed(texts[0], texts[1], interest),
        switch_errors(clip.words, read.written) if clip.switches else 0,
        confusions(phones, heard),
    )
