"""What was said beside what was written: the words that were taken for others, and how alike."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from talkover.trainer.data.switching.tokens import Token
from talkover.trainer.mining.confusions import Mistaken
from talkover.trainer.reward.distance import Row, edit_distances
from talkover.trainer.reward.languages import NONE, align
from talkover.trainer.reward.lexicon import languages_of
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.sounds import Sounds
from talkover.trainer.reward.words import words_in

Partners = tuple[Token | None, Token | None]
"""A word that was said and one that was written, of which one may be none."""


class Ear:
    """Knows how alike words sound, in the form that no accent changes. For one thread.

    Args:
        far: As in ``RewardPolicy``.
    """

    def __init__(self, far: float) -> None:
        self._sounds = Sounds(far)

    def mistaken(self, pairs: Sequence[tuple[Reference, str]]) -> list[list[Mistaken]]:
        """The words of each transcript that are wrong; what only is written otherwise is not.

        Args:
            pairs: What was said, and what was written.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        partners = [partners_of(reference, text) for reference, text in pairs]
        both = [one for some in partners for one in some if one[0] and one[1]]
        close = dict(zip(both, self._closeness(both), strict=True))
        return [_mistaken([(one, close.get(one, 0.0)) for one in some]) for some in partners]

    def prints(self, references: Sequence[Reference]) -> list[str]:
        """What stands for the sounds of each: those of the same sounds have the same.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        self._sounds.learn(token for one in references for token in one.tokens)
        rows = (self._sounds.row(one.tokens) for one in references)
        symbols = self._sounds.symbols
        spelt = (" ".join(symbols[number] for number in row) for row in rows)
        return [sha256(text.encode()).hexdigest() for text in spelt]

    def _closeness(self, pairs: Sequence[Partners]) -> list[float]:
        sides = [[pair[side] or Token("", NONE) for pair in pairs] for side in (0, 1)]
        self._sounds.learn(token for side in sides for token in side)
        first, second = ([self._sounds.row([token]) for token in side] for side in sides)
        apart = edit_distances(first, second, self._sounds.table)
        longest = np.array([_longest(*rows) for rows in zip(first, second, strict=True)])
        return np.clip(1.0 - apart / longest, 0.0, 1.0).tolist() if pairs else []


def partners_of(reference: Reference, text: str) -> list[Partners]:
    """Words laid beside one another, those that are the same left out."""
    heard, said = words_in(text), reference.tokens
    places = align([token.text for token in said], heard)
    found: list[Partners] = []
    for word, place in zip(heard, places, strict=True):
        partner = None if place is None else said[place]
        if partner is None or partner.text != word:
            found.append((partner, Token(word, _language(word, partner))))
    left = sorted(set(range(len(said))) - set(places))
    return [*found, *((said[place], None) for place in left)]


def _language(word: str, partner: Token | None) -> str:
    possible = languages_of(word)
    if partner is not None and partner.language in possible:
        return partner.language
    return possible[0] if possible else NONE


def _mistaken(partners: Sequence[tuple[Partners, float]]) -> list[Mistaken]:
    return [
        Mistaken(
            said.text if said else "",
            heard.text if heard else "",
            (said or heard or Token("", NONE)).language,
            close,
        )
        for (said, heard), close in partners
        if close < 1.0
    ]


def _longest(first: Row, second: Row) -> int:
    return max(len(first), len(second), 1)
