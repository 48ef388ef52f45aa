"""What transcripts of a batch are worth, and what is seen in them besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from talkover.trainer.reward.accents import AccentWeights
from talkover.trainer.reward.formula import Reward
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer
from talkover.trainer.reward.words import words_in
from talkover.trainer.stages.example import Example
from talkover.trainer.stages.rl_draw import Row, Tried


@dataclass(frozen=True, slots=True)
class Judged:
    """What a batch is worth.

    Attributes:
        rewards: Of each row.
        baseline: Of what the policy finds likeliest, for each utterance; none where nobody asked.
        deletions: Words that were said and have nothing in their place, by all that were said.
        repetitions: Share of the rows that go round in loops, or do not end.
    """

    rewards: tuple[Reward, ...]
    baseline: tuple[float, ...]
    deletions: float
    repetitions: float

    @property
    def values(self) -> list[float]:
        """The reward of each row, as a number."""
        return [one.value for one in self.rewards]

    def figures(self) -> dict[str, float]:
        """Means over the rows, to be watched."""
        count = max(len(self.rewards), 1)
        parts: dict[str, Sequence[float]] = {
            "reward": self.values,
            "phoneme_error": [one.error for one in self.rewards],
            "switch_errors": [one.switches + one.misplaced for one in self.rewards],
            "looped_words": [one.looped for one in self.rewards],
            "runaway": [one.runaway for one in self.rewards],
            "agreement": [one.agreement for one in self.rewards],
        }
        means = {name: float(sum(values)) / count for name, values in parts.items()}
        return {**means, "deletions": self.deletions, "repetitions": self.repetitions}


def judge(scorer: Scorer, examples: Sequence[Example], tried: Tried) -> Judged:
    """Score what was written.

    Utterances of the same words in several accents are of one group: to understand them alike is
    rewarded, as far as it is right.

    Args:
        scorer: Of rewards.
        examples: The batch.
        tried: What was written for it.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: the words of an utterance are of a language that no reward is for.
    """
    references = [Reference.of(one.words) for one in examples]
    rewards: dict[int, Reward] = {}
    for places in _texts(examples, tried.rows):
        items = [tried.rows[place].item for place in places]
        reference = references[items[0]]
        said = [(examples[item].accent, tried.rows[place].text) for item, place in
                zip(items, places, strict=True)]  # fmt: skip
        if len({accent for accent, _ in said}) > 1:
            found = scorer.score_accents(reference, said)
        else:
            found = scorer.score(reference, [text for _, text in said])
        rewards.update(zip(places, found, strict=True))
    likeliest = scorer.score_all(list(zip(references, tried.likeliest, strict=False)))
    ordered = tuple(rewards[place] for place in range(len(tried.rows)))
    stuck = sum(
        reward.looped > 0 or not row.complete
        for reward, row in zip(ordered, tried.rows, strict=True)
    )
    return Judged(
        ordered,
        tuple(one.value for one in likeliest),
        deletions_of(references, tried.rows),
        stuck / max(len(ordered), 1),
    )


def deletions_of(references: Sequence[Reference], rows: Sequence[Row]) -> float:
    """The share of words that transcripts leave out, over all of them."""
    left = said = 0
    for row in rows:
        words = [token.text for token in references[row.item].tokens]
        edits = Levenshtein.editops(words, words_in(row.text))
        left += sum(edit.tag == "delete" for edit in edits)
        said += len(words)
    return left / max(said, 1)


def condition(example: Example) -> str:
    """Under what an utterance is counted: how it goes between languages, else its accent."""
    return example.pattern or example.accent


def heard_errors(
    examples: Sequence[Example], rows: Sequence[Row], judged: Judged
) -> list[tuple[str, float]]:
    """For ``AccentWeights``: the condition of each utterance, and its mean error."""
    errors: dict[int, list[float]] = {}
    for row, reward in zip(rows, judged.rewards, strict=True):
        errors.setdefault(row.item, []).append(reward.error)
    return [
        (condition(examples[item]), sum(some) / len(some)) for item, some in sorted(errors.items())
    ]


def weights_of(
    examples: Sequence[Example], known: AccentWeights, policy: RewardPolicy
) -> list[float]:
    """How much each utterance counts: its accent's weight, times the trust in its words."""
    weights: Mapping[str, float] = known.weights(policy)
    return [weights.get(condition(one), 1.0) * one.trust for one in examples]


def _texts(examples: Sequence[Example], rows: Sequence[Row]) -> list[list[int]]:
    """Places of rows, those of the same words together."""
    found: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault(examples[row.item].words, []).append(place)
    return list(found.values())
