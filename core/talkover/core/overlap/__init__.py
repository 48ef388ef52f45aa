"""What a sound that the caller makes while the agent speaks is: barge-in, backchannel or less."""

from talkover.core.overlap.evidence import OverlapEvidence
from talkover.core.overlap.features import FEATURE_NAMES, N_FEATURES, features
from talkover.core.overlap.runtime import (
    OverlapHead,
    OverlapProbabilities,
    OverlapRuntime,
    shipped,
)

__all__ = [
    "FEATURE_NAMES",
    "N_FEATURES",
    "OverlapEvidence",
    "OverlapHead",
    "OverlapProbabilities",
    "OverlapRuntime",
    "features",
    "shipped",
]
