"""Every threshold of turn-taking in one frozen place."""

from dataclasses import dataclass

from talkover.core.clock import samples


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """When to listen, when to answer, when to stop. Durations are ticks of the media clock.

    Attributes:
        voice_on: A hop at or above this probability is voiced.
        voice_off: A hop below this is silent; in between, it is what the hop before was.
        onset: Voice must last this long to be taken for speech.
        preroll: Audio before the onset that is transcribed too, so that no first phoneme is lost.
        tail: Audio after the last voiced hop that is transcribed too.
        barge_in: Voice that lasts this long over the agent's speech stops it.
        pause: Silence after which the words so far are transcribed, in case the turn is over.
        end_complete: Silence that ends a turn whose words look finished.
        end_incomplete: Silence that ends a turn whose words look unfinished.
        partial_every: Between partial transcripts while the caller speaks.
        segment_soft: A turn longer than this is cut at the next dip in the voice.
        segment_hard: A turn longer than this is cut wherever it is.
        stalled: Without caller audio for this long, the lane counts as silent.
    """

    voice_on: float = 0.5
    voice_off: float = 0.35
    onset: int = samples(0.096)
    preroll: int = samples(0.3)
    tail: int = samples(0.2)
    barge_in: int = samples(0.35)
    pause: int = samples(0.2)
    end_complete: int = samples(0.45)
    end_incomplete: int = samples(0.9)
    partial_every: int = samples(0.8)
    segment_soft: int = samples(18.0)
    segment_hard: int = samples(24.0)
    stalled: int = samples(0.4)
