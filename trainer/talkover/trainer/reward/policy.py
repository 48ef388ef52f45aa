"""All weights of the reward in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from typing import Any, Self

from talkover.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardPolicy:
    """How much what counts.

    A transcript without errors is worth 1; the weights say what is taken off for what. ``formula``
    has the sum, ``accents`` and ``agreement`` have theirs.

    Attributes:
        far: Distance of articulatory features from which on one sound for another costs as much as
            one too few; nearer ones cost in proportion. At 1 it is the features' distance itself,
            and any sentence of about the right length is worth 0.6. Two sounds at random are 0.37
            apart (median), and from there on nothing was understood: so the default, with which it
            is worth 0.4, and an error that can be heard counts.
        switch: For each language switch beyond or short of the reference's, and for each word in
            another language than that of the word in its place.
        loop: For each word of a loop: what is said in a row a third time or oftener, and by the
            reference not as often.
        runaway: For a text twice as long as it may be; twice of it for one thrice as long.
        room: How long a text may be, in texts as long as the reference.
        slack: Characters that it may be longer even so.
        silence: Sounds that silence counts as: so many invented ones cost 1 there.
        floor: No reward is below minus this. Losses are told from one another all the way down.
        agreement: Added at most for one text that is understood in all accents alike. Above 0.5 it
            could pay to repeat the errors of others.
        lightest: Weight of the best accent at least; all together weigh 1 in the mean.
        heaviest: Weight of the worst accent at most.
        prior: Utterances that an accent is believed to be as others for, before its own count.
        half_life: Utterances, of all accents, after which what was heard counts half.
    """

    far: float = 0.35
    switch: float = 0.1
    loop: float = 0.1
    runaway: float = 0.5
    room: float = 2.0
    slack: int = 40
    silence: int = 10
    floor: float = 1.0
    agreement: float = 0.2
    lightest: float = 0.5
    heaviest: float = 3.0
    prior: float = 20.0
    half_life: float = 2_000.0

    def __post_init__(self) -> None:
        """Refuse weights under which a worse transcript could be worth more.

        Raises:
            ConfigError: one is out of its range; the message names it.
        """
        for name in ("switch", "loop", "runaway", "slack"):
            _check(name, getattr(self, name), at_least=0)
        _check("far", self.far, at_least=0.01, at_most=1)
        _check("room", self.room, at_least=1)
        _check("silence", self.silence, at_least=1)
        _check("floor", self.floor, at_least=0.1)
        _check("agreement", self.agreement, at_least=0, at_most=0.5)
        _check("lightest", self.lightest, at_least=0, at_most=1)
        _check("heaviest", self.heaviest, at_least=1)
        _check("prior", self.prior, at_least=1)
        _check("half_life", self.half_life, at_least=1)

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """From a table of a recipe; what it does not name is as it is by default.

        Raises:
            ConfigError: it names something else, or a value is out of its range.
        """
        known = [field.name for field in fields(cls)]
        if unknown := set(table) - set(known):
            raise ConfigError(f"no reward weight {min(unknown)!r}; there are {', '.join(known)}")
        return cls(**table)


def _check(name: str, value: Any, *, at_least: float, at_most: float = inf) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and value < inf
    if not number or not at_least <= value <= at_most:
        limit = f"{at_least:g} or more" if at_most == inf else f"{at_least:g} to {at_most:g}"
        raise ConfigError(f"reward weight {name} = {value!r}; set it to {limit}")
