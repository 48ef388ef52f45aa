"""How fast is learnt: steps, learning rates and when to write and tell. Pure."""

from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Of a stage.

    Attributes:
        steps: In all.
        examples: In a step, of each process.
        rate: Learning rate of AdamW at its highest.
        warmup: Steps over which it rises.
        lowest: Share of it that is left at the end; it falls as a cosine.
        clip: Norm that a gradient has at most.
        decay: Weight decay.
        softer: By which the rate is multiplied each time the last good weights are gone back to.
        keep: Steps between two checkpoints.
        tell: Steps between two lines of figures, which are means over them.
    """

    steps: int
    examples: int
    rate: float
    warmup: int = 0
    lowest: float = 1.0
    clip: float = 1.0
    decay: float = 0.0
    softer: float = 0.5
    keep: int = 20
    tell: int = 5

    def rate_at(self, step: int, softened: int = 0) -> float:
        """The learning rate of a step, the first being 0.

        A cosine from the end of the warm-up to the last step (Loshchilov and Hutter 2017).

        Args:
            step: Which.
            softened: How often it was made softer.
        """
        top = self.rate * self.softer**softened
        if step < self.warmup:
            return top * (step + 1) / (self.warmup + 1)
        gone = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return top * (self.lowest + (1 - self.lowest) * (1 + cos(pi * min(gone, 1.0))) / 2)
