"""How careful a swap is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwapPolicy:
    """When a new generation gets further, and when it goes back.

    Each look at a canary asks five questions (``signs.KINDS``), and there are
    ``canary_turns / look_every`` looks, so every question is asked at ``alpha`` over their product
    (Bonferroni): a generation as good as the old one is rolled back with a chance of at most
    ``alpha``. Turns of one call resemble each other, which makes that chance larger where a few
    callers make up the whole canary.

    Attributes:
        shadow_turns: Turns that are heard twice before any caller depends on the new weights.
        shadow_seconds: After so long the shadow has seen enough: a busy server compares few turns,
            and an idle one none.
        share: Of the sessions that are served by a canary, unless an offer says otherwise.
        canary_turns: Turns without drift, after which a canary is promoted.
        control_turns: Of the old generation meanwhile, that it is compared with at least.
        look_every: Turns of the canary between two looks.
        alpha: Chance of rolling back what is no worse.
        latency_slack: Seconds that an answer of the new generation may come later.
        window: Turns of a generation that are remembered.
    """

    shadow_turns: int = 10
    shadow_seconds: float = 120.0
    share: float = 0.2
    canary_turns: int = 40
    control_turns: int = 20
    look_every: int = 5
    alpha: float = 0.05
    latency_slack: float = 0.25
    window: int = 400

    @property
    def looks(self) -> int:
        """At a canary, until it is promoted."""
        return max(1, -(-self.canary_turns // self.look_every))
