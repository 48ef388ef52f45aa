"""Every threshold of turn-taking in one frozen place."""

from dataclasses import dataclass

from talkover.core.clock import samples


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """When to listen, when to answer, when to stop. Durations are ticks of the media clock.

    Attributes:
        voice_on: A hop at or above this probability is voiced.
        voice_off: A hop below this is silent; in between, it is what the hop before was.
        voice_sinks: The first voiced hop below this may be the last; words are asked for at once.
        echo: A hop with at least this likelihood of being the agent's echo is not voiced.
        onset: Voice must last this long to be taken for speech.
        onset_over: The same while the agent speaks, which is ducked from the first such hop on.
        duck_hold: Silence after which a duck for what never became speech is taken back.
        preroll: Audio before the onset that is transcribed too, so that no first phoneme is lost.
        tail: Audio after the last voiced hop that is transcribed too.
        pause: Silence after which the words so far are transcribed, in case the turn is over.
        pause_over: The same when it began over the agent's speech.
        nothing: Silence that ends a turn in which nothing was said.
        end_sure: A turn with this chance of being over is,
        end_min: after this much silence.
        end_unsure: One with this chance or less may go on,
        end_max: and is over after this much.
        end_hold: Silence that ends one in the middle of a number, or after an "uh".
        think_above: At this chance that a turn is over, the answer is prepared ahead of its end.
        partial_every: Between partial transcripts while the caller speaks.
        partial_over: The same while both speak.
        segment_soft: A turn longer than this is cut at the next dip in the voice.
        segment_hard: A turn longer than this is cut wherever it is.
        nod_after: In a pause of a turn that lasts so long the agent hums that it listens, and
            again after as long; 0: never.
        nod_pause: Silence that is such a pause.
        stalled: Without caller audio for this long, the lane counts as silent.
        yield_above: The agent stops at this chance of a barge-in, when there are words
        yield_soon: or when the voice has lasted so long;
        yield_blind: and at this one before.
        watched: After so much voice, the words of an overlap are asked for less often.
        yield_stranger: and to somebody who is not the caller at this one.
        ignore_below: It un-ducks below this chance of one.
        regret_below: and goes on below this one, if it has stopped and the voice lasts,
        regret_after: at least so much longer.
        regret_pause: Silence after which a sound that it has stopped for is over.
        resume_above: At this chance of something else, what is over was none.
        decide_after: Voice over the agent is not judged by its sound before it lasted so long.
        yield_after: Voice that lasts this long is a barge-in, if nothing says otherwise.
        words_floor: Words with this prior of taking the floor stop the agent;
        words_plain: with this one they need not be a sentence.
        words_command: With this one, a few of them do so whatever they sound like.
        words_few: Fewer may be a sound that was taken for one.
        words_stale: Words that cover so much less than was voiced say nothing of the rest.
        words_trailing: Words after which a turn ends with less than this chance take none.
        words_backchannel: Words with this prior of being a backchannel do not.
        words_own: Words of which the agent has just said this share are its echo.
        words_hallucinated: Words with this prior are no evidence of anything;
        words_invented: with this one nobody said them, and an agent that stopped goes on.
        backchannel_longest: A sound that lasts longer is no backchannel, whatever its words.
        stranger: Who is less like the caller than this is somebody else.
        stranger_alone: The same when the agent is silent: it is worse to leave the caller
            unanswered than to answer somebody else.
        caller: Who is at least so much like the caller is the caller.
        ignored_keep: Of a sound that is ignored, so much is transcribed again.
        over_pause: Silence after which a sound that the agent speaks through is over.
        broken_surely: So few words that cut the agent off, and do not say that they want to;
        broken_words: or so few of them,
        broken_below: that are over with less than this chance, were only begun to be said;
        broken_wait: after this much silence the agent goes on.
    """

    voice_on: float = 0.5
    voice_off: float = 0.35
    voice_sinks: float = 0.8
    echo: float = 0.5
    onset: int = samples(0.096)
    onset_over: int = samples(0.064)
    duck_hold: int = samples(0.064)
    preroll: int = samples(0.3)
    tail: int = samples(0.2)
    pause: int = samples(0.032)
    pause_over: int = samples(0.064)
    nothing: int = samples(0.4)
    end_sure: float = 0.8
    end_min: int = samples(0.55)
    end_unsure: float = 0.7
    end_max: int = samples(1.2)
    end_hold: int = samples(1.5)
    think_above: float = 0.4
    partial_every: int = samples(0.8)
    partial_over: int = samples(0.2)
    segment_soft: int = samples(18.0)
    segment_hard: int = samples(24.0)
    nod_after: int = 0
    nod_pause: int = samples(0.25)
    stalled: int = samples(0.4)
    yield_above: float = 0.65
    yield_soon: int = samples(0.4)
    yield_blind: float = 0.75
    watched: int = samples(1.2)
    yield_stranger: float = 0.9
    regret_below: float = 0.1
    regret_after: int = samples(0.128)
    regret_pause: int = samples(0.2)
    resume_above: float = 0.4
    ignore_below: float = 0.2
    decide_after: int = samples(0.2)
    yield_after: int = samples(0.7)
    words_floor: float = 0.6
    words_plain: float = 0.8
    words_command: float = 0.9
    words_few: int = 3
    words_stale: int = samples(0.35)
    words_trailing: float = 0.3
    words_backchannel: float = 0.6
    words_own: float = 0.7
    words_hallucinated: float = 0.5
    words_invented: float = 0.8
    backchannel_longest: int = samples(1.2)
    stranger: float = 0.2
    stranger_alone: float = 0.03
    caller: float = 0.6
    ignored_keep: int = samples(2.0)
    over_pause: int = samples(0.3)
    broken_surely: int = 2
    broken_words: int = 4
    broken_below: float = 0.6
    broken_wait: int = samples(1.2)
