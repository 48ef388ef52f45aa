"""How hard negatives are chosen: the ``[mine]`` table of a training recipe."""

from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, get_args

from talkover.trainer.recipes import check

Teacher = Literal["rl", "sft"]
TEACHERS: Final[tuple[Teacher, ...]] = get_args(Teacher)


@dataclass(frozen=True, slots=True, kw_only=True)
class MineSettings:
    """What is listened to, what of it is kept, and how it is learnt from.

    Attributes:
        rounds: Of listening and of learning from what was wrong.
        source: Name of the source that rounds listen to, a recipe that is spoken; empty: the one
            of most examples.
        pool: Utterances that a round listens to, beside those of the last round.
        keep: Utterances that it keeps at most.
        batch: Utterances that are heard at once.
        by: The step that learns from them: ``rl`` or ``sft``, with the settings of its own table.
        steps: Of learning, in each round.
        rate: Learning rate of these; 0: that of the step's own table. What has settled leaps out
            again at the rate that it began with.
        replay: Share of what is learnt from that is not mined.
        per_speaker: Utterances of one speaker that are kept at most, as a share of ``keep``.
        least_error: Phoneme error rate from which on an utterance is wrong.
        most_error: Above it nothing was understood; as much as that counts, and no more.
        least_trust: In the label, 0 to 1, below which nothing is learnt from it.
        prior: Utterances that an accent is believed to be as hard as all for, before its own count.
        alien: Closeness of a word that was left out, or taken for nothing that sounds like it.
        pairs: Confusable pairs that the table keeps; those that came up longest ago go first.

    Raises:
        ConfigError: one is out of its range; the message names it.
    """

    rounds: int = 2
    source: str = ""
    pool: int = 1_200
    keep: int = 300
    batch: int = 8
    by: Teacher = "rl"
    steps: int = 60
    rate: float = 0.0
    replay: float = 0.5
    per_speaker: float = 0.1
    least_error: float = 0.02
    most_error: float = 1.0
    least_trust: float = 0.5
    prior: float = 10.0
    alien: float = 0.1
    pairs: int = 20_000

    def __post_init__(self) -> None:
        must = partial(check, "mine", self)
        for name in ("rounds", "pool", "keep", "batch", "steps", "pairs"):
            must(name, getattr(self, name) >= 1, "1 or more")
        must("rate", self.rate >= 0, "0 or more")
        for name in ("replay", "least_error", "least_trust", "alien"):
            must(name, 0 <= getattr(self, name) < 1, "0 or more, below 1")
        must("per_speaker", 0 < self.per_speaker <= 1, "more than 0, 1 at most")
        must("most_error", self.most_error > self.least_error, "more than least_error")
        must("prior", self.prior > 0, "more than 0")
        must("by", self.by in TEACHERS, " or ".join(TEACHERS))
