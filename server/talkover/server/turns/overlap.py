"""The overlap decision: somebody makes a sound while the agent speaks. Who, and what for? Pure."""

from dataclasses import dataclass
from enum import StrEnum

from talkover.core.clock import HOP
from talkover.server.turns.messages import Classified, Words
from talkover.server.turns.policy import TurnPolicy


class Verdict(StrEnum):
    """What a sound over the agent's speech is."""

    UNDECIDED = "undecided"
    BARGE_IN = "barge_in"
    BACKCHANNEL = "backchannel"
    SIDE_TALK = "side_talk"
    NOISE = "noise"
    ECHO = "echo"


@dataclass(slots=True)
class Overlap:
    """What is known of one.

    Attributes:
        onset: Where it began.
        voiced: Ticks of voice in it, pauses left out.
        words: What its words say, if there are any yet.
        similarity: Chance that the caller makes it, if known.
        classified: What the classifier says, if there is one.
        ducked: The agent was ducked for it.
        ignored: It was found to be none of the agent's business; it may prove otherwise.
    """

    onset: int
    voiced: int = 0
    words: Words | None = None
    similarity: float | None = None
    classified: Classified | None = None
    ducked: bool = False
    ignored: bool = False

    def hop(self) -> None:
        """One more voiced hop."""
        self.voiced += HOP


def judge(overlap: Overlap, policy: TurnPolicy, *, over: bool) -> Verdict:
    """What it is, as far as can be told.

    The classifier decides where there is one and it is sure; words that are plain stand above it,
    since it sees them only as numbers among others. Without a classifier, rules do.

    Args:
        overlap: What is known.
        policy: The thresholds.
        over: The sound is over and all its words are known: no later evidence will come.
    """
    words = overlap.words
    if words is not None and (plain := _by_words(overlap, words, policy)) is not None:
        return plain
    if overlap.classified is not None and (overlap.voiced >= policy.decide_after or over):
        return _by_class(overlap, overlap.classified, policy, over=over)
    if _stranger(overlap, policy):
        return Verdict.SIDE_TALK
    if over:
        return Verdict.NOISE if words is None or not _real(words, policy) else Verdict.BARGE_IN
    # A lone backchannel is waited for: more words may follow it.
    patience = policy.yield_after
    if words is not None and words.backchannel >= policy.words_backchannel:
        patience = policy.backchannel_longest
    return Verdict.BARGE_IN if overlap.voiced >= patience else Verdict.UNDECIDED


def _by_words(overlap: Overlap, words: Words, policy: TurnPolicy) -> Verdict | None:
    """What plain words say; None if they are not plain."""
    if words.count and words.own >= policy.words_own:
        return Verdict.ECHO
    if not _real(words, policy) or _stranger(overlap, policy):
        return None
    takes = words.floor >= policy.words_floor
    if takes and words.floor > words.backchannel:
        return Verdict.BARGE_IN
    short = overlap.voiced <= policy.backchannel_longest
    if words.backchannel >= policy.words_backchannel and short:
        return Verdict.BACKCHANNEL
    return None


def _by_class(overlap: Overlap, found: Classified, policy: TurnPolicy, *, over: bool) -> Verdict:
    blind = overlap.words is None and not over
    if found.barge_in >= (policy.yield_blind if blind else policy.yield_above):
        return Verdict.BARGE_IN
    if not over and found.barge_in > policy.ignore_below:
        # A voice that goes on and on, and is nothing else for sure, wants the floor.
        late = overlap.voiced >= policy.yield_after and found.barge_in >= max(
            found.backchannel, found.side_talk, found.noise, found.echo
        )
        return Verdict.BARGE_IN if late else Verdict.UNDECIDED
    others = {
        Verdict.BACKCHANNEL: found.backchannel,
        Verdict.SIDE_TALK: found.side_talk,
        Verdict.NOISE: found.noise,
        Verdict.ECHO: found.echo,
    }
    if over and found.barge_in > max(others.values()):
        return Verdict.BARGE_IN
    return max(others, key=lambda verdict: others[verdict])


def _real(words: Words, policy: TurnPolicy) -> bool:
    return words.count > 0 and words.hallucination < policy.words_hallucinated


def _stranger(overlap: Overlap, policy: TurnPolicy) -> bool:
    return overlap.similarity is not None and overlap.similarity < policy.stranger
