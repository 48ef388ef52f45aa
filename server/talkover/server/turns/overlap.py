"""The overlap decision: somebody makes a sound while the agent speaks. Who, and what for? Pure."""

from dataclasses import dataclass
from enum import StrEnum

from talkover.core.clock import HOP
from talkover.server.turns.ending import trailing
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
        covered: How much of the voice they come from (ticks).
        similarity: Chance that the caller makes it, if known.
        classified: What the classifier says, if there is one.
        ignored: It was found to be none of the agent's business; it may prove otherwise.
        yielded: The agent fell silent for it; that may prove wrong.
        yielded_after: So much voice.
        wronged: The agent has yielded to it once, and it was wrong.
        verdict: What it was last taken for.
    """

    onset: int
    voiced: int = 0
    words: Words | None = None
    covered: int = 0
    similarity: float | None = None
    classified: Classified | None = None
    ignored: bool = False
    yielded: bool = False
    yielded_after: int = 0
    wronged: bool = False
    verdict: Verdict = Verdict.UNDECIDED

    def hop(self) -> None:
        """One more voiced hop."""
        self.voiced += HOP

    def over_after(self, policy: TurnPolicy) -> int:
        """Ticks of silence after which it is over."""
        return policy.regret_pause if self.yielded else policy.over_pause

    def watched(self, policy: TurnPolicy) -> bool:
        """Its words may change what the agent does."""
        told = self.ignored and self.verdict is not Verdict.BACKCHANNEL
        return not told and self.voiced < policy.watched


def judge(overlap: Overlap, policy: TurnPolicy, *, silence: int, over: bool) -> Verdict:
    """What it is, as far as can be told.

    The classifier decides where there is one and it is sure; words that are plain stand above it,
    since it sees them only as numbers among others. Without a classifier, rules do.

    Args:
        overlap: What is known.
        policy: The thresholds.
        silence: Ticks since it was last heard.
        over: It is over and all its words are known: no later evidence will come.
    """
    if (plain := _by_words(overlap, policy, silence=silence, over=over)) is not None:
        return plain
    found = overlap.classified
    if _stranger(overlap, policy) and (found is None or found.barge_in < policy.yield_stranger):
        return Verdict.SIDE_TALK
    if found is not None and (overlap.voiced >= policy.decide_after or over):
        return _by_class(overlap, found, policy, silence=silence, over=over)
    words = overlap.words
    if over:
        return Verdict.NOISE if words is None or not _real(words, policy) else Verdict.BARGE_IN
    # A lone backchannel is waited for: more words may follow it.
    patience = policy.yield_after
    if words is not None and words.backchannel >= policy.words_backchannel:
        patience = policy.backchannel_longest
    return Verdict.BARGE_IN if overlap.voiced >= patience else Verdict.UNDECIDED


def _by_words(overlap: Overlap, policy: TurnPolicy, *, silence: int, over: bool) -> Verdict | None:
    """What plain words say; None if there are none, or they are not plain."""
    words = overlap.words
    if words is None:
        return None
    if words.count and words.own >= policy.words_own:
        return Verdict.ECHO
    if not _real(words, policy) or _stranger(overlap, policy) or _made_up(overlap, policy):
        return None
    # What has fallen silent on "but" or "so" takes nothing.
    trails = silence >= policy.over_pause and trailing(words, policy)
    takes = words.floor >= policy.words_floor and not trails
    if takes and words.floor > words.backchannel:
        return Verdict.BARGE_IN
    short = overlap.voiced <= policy.backchannel_longest
    stale = overlap.voiced - overlap.covered > policy.words_stale
    if words.backchannel < policy.words_backchannel or not short or (stale and not over):
        return None
    # An agent that yielded waits until nothing more is being said: words have holes, too.
    done = over or silence >= policy.regret_pause or not overlap.yielded
    return Verdict.BACKCHANNEL if done else Verdict.UNDECIDED


def _by_class(
    overlap: Overlap, found: Classified, policy: TurnPolicy, *, silence: int, over: bool
) -> Verdict:
    barge_in, others = _weighed(overlap, found, policy)
    likeliest = max(others, key=lambda verdict: others[verdict])
    if overlap.yielded and _says_something(overlap, policy):
        # It was stopped, and there are words: only somebody else's are a reason to go on.
        if others.get(Verdict.SIDE_TALK, 0.0) >= policy.resume_above:
            return Verdict.SIDE_TALK
        return Verdict.BARGE_IN if over else Verdict.UNDECIDED
    if over:
        return Verdict.BARGE_IN if barge_in > others[likeliest] else likeliest
    if silence:
        # Nothing new is being said: of what was short, the classifier sees the whole by now; what
        # was long is left to its words.
        enough = policy.regret_pause if overlap.yielded else policy.pause_over
        short = overlap.voiced <= policy.backchannel_longest and silence >= enough
        wrong = others[likeliest] >= policy.resume_above
        return likeliest if short and wrong else Verdict.UNDECIDED
    if barge_in >= _needed(overlap, policy):
        return Verdict.BARGE_IN
    soon = overlap.voiced - overlap.yielded_after < policy.regret_after
    own = overlap.voiced >= policy.yield_after and Verdict.SIDE_TALK not in others
    if overlap.yielded and (soon or own):
        return Verdict.UNDECIDED
    if barge_in > (policy.regret_below if overlap.yielded else policy.ignore_below):
        # A voice that goes on and on, and is nothing else for sure, wants the floor.
        late = overlap.voiced >= policy.yield_after and barge_in >= others[likeliest]
        return Verdict.BARGE_IN if late else Verdict.UNDECIDED
    return likeliest


def _weighed(
    overlap: Overlap, found: Classified, policy: TurnPolicy
) -> tuple[float, dict[Verdict, float]]:
    """The chance of a barge-in, and of each other thing; the caller's own voice is no side talk."""
    others = {
        Verdict.BACKCHANNEL: found.backchannel,
        Verdict.SIDE_TALK: found.side_talk,
        Verdict.NOISE: found.noise,
        Verdict.ECHO: found.echo,
    }
    if overlap.similarity is None or overlap.similarity < policy.caller:
        return found.barge_in, others
    return found.barge_in + others.pop(Verdict.SIDE_TALK), others


def _needed(overlap: Overlap, policy: TurnPolicy) -> float:
    """The chance of a barge-in at which the agent stops; the longer it lasts, the less."""
    early = overlap.words is None and overlap.voiced < policy.yield_soon
    return policy.yield_blind if early or overlap.wronged else policy.yield_above


def _made_up(overlap: Overlap, policy: TurnPolicy) -> bool:
    """Whether a recogniser heard words where there hardly can be any: in music, in an echo."""
    found, words = overlap.classified, overlap.words
    if found is None or words is None:
        return False
    barge_in, others = _weighed(overlap, found, policy)
    others.pop(Verdict.BACKCHANNEL)
    command = words.floor >= policy.words_command and words.count <= policy.broken_words
    nobody = max(others.values()) >= policy.resume_above and barge_in <= policy.ignore_below
    return nobody and not command


def _says_something(overlap: Overlap, policy: TurnPolicy) -> bool:
    """Whether there are real words, and they are no mere backchannel."""
    words = overlap.words
    if words is None or words.count < policy.words_few or not _real(words, policy):
        return False
    polite = words.backchannel >= policy.words_backchannel
    return not polite and not _made_up(overlap, policy)


def _real(words: Words, policy: TurnPolicy) -> bool:
    return words.count > 0 and words.hallucination < policy.words_hallucinated


def _stranger(overlap: Overlap, policy: TurnPolicy) -> bool:
    return overlap.similarity is not None and overlap.similarity < policy.stranger
