"""What the gates look at, how much worse a candidate may be, and what they found. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from talkover.core.errors import ConfigError
from talkover.trainer.gate.outcome import Outcome


class Gate(StrEnum):
    """What is looked at."""

    LOADS = "loads and hears"
    OVERALL = "word errors"
    WORST = "word errors, worst five"
    DELETIONS = "deletions"
    REPETITION = "repetition"
    SWITCHED = "switched words"
    PEOPLE = "word errors, real people"
    INVENTION = "words out of nothing"
    LATENCY = "latency"
    MEMORY = "memory"
    GOLDEN = "golden outputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much worse a candidate may be. Points are of a hundred words, or sounds.

    A single word, or sound, is let through wherever it is more than the limit: on so few it would
    mean nothing.

    Attributes:
        overall: Points of word errors, at the upper end of the 95 % interval of the difference
            (paired bootstrap): the candidate is not worse, and that is no luck.
        worst: Points of word errors, mean of the worst five accents and patterns of each bundle.
        deletions: Points of deletions.
        repetition: Points of utterances that repeat themselves or do not end.
        switched: Points of words that are in the other language of a sentence.
        people: Points of word errors, real people, clean.
        invention: Points of sounds without a word in which it hears one.
        latency: Times the current bundle's; median of the ratios, sound by sound.
        memory: Times the current bundle's peak.
        golden: Share of places that are as the trainer recorded them, at least.

    Raises:
        ConfigError: one allows nothing at all, or everything.
    """

    overall: float = 2.0
    worst: float = 3.0
    deletions: float = 1.5
    repetition: float = 2.0
    switched: float = 5.0
    people: float = 1.0
    invention: float = 25.0
    latency: float = 1.25
    memory: float = 1.25
    golden: float = 1.0

    def __post_init__(self) -> None:
        points = (self.overall, self.worst, self.deletions, self.repetition, self.switched)
        if not all(0 <= one <= 100 for one in (*points, self.people, self.invention)):
            raise ConfigError("limits of the gate in points are 0 to 100")
        if not (self.latency > 0 and self.memory > 0 and 0 < self.golden <= 1):
            raise ConfigError("latency and memory are above 0, golden is above 0 to 1")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a bundle's listener.

    Attributes:
        outcomes: One a sound, in the order of the sounds.
        milliseconds: That each sound took, in the same order.
        megabytes: Of memory, at most, of a process that does nothing else.
        golden: Share of its golden outputs that came out again; None: none are recorded.
    """

    outcomes: tuple[Outcome, ...]
    milliseconds: tuple[float, ...]
    megabytes: float
    golden: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one gate found.

    Attributes:
        gate: Which.
        passed: Whether it lets the candidate through.
        value: Compared with the limit, in ``unit``.
        limit: The value may be this, and not beyond.
        beyond: By how much it is beyond; 0 where it passed.
        unit: ``points``, ``times`` or ``share``.
        n: Words, or sounds, behind it.
        interval: 95 % of the value's difference, where there is one.
        note: The two bundles' own figures, or why there is none.
    """

    gate: Gate
    passed: bool
    value: float
    limit: float
    beyond: float
    unit: str
    n: int
    interval: tuple[float, float] | None = None
    note: str = ""

    def __str__(self) -> str:
        """For people who want to know why."""
        if self.gate is Gate.LOADS:
            return f"{self.gate}: {self.note}"
        figure = f"{self.value:.3g} {self.unit}, limit {self.limit:g}, beyond by {self.beyond:.3g}"
        return f"{self.gate}: {figure} ({self.note})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all gates found.

    Attributes:
        findings: In the order of ``Gate``.
        unjudged: Gates for which there was nothing to look at.
    """

    findings: tuple[Finding, ...]
    unjudged: tuple[Gate, ...] = ()

    @property
    def passed(self) -> bool:
        """Every gate lets the candidate through."""
        return all(finding.passed for finding in self.findings)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Those that do not."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def reason(self) -> str:
        """One line: that it passed, or which gates failed and by how much."""
        if self.passed:
            return f"passed {len(self.findings)} gates"
        return "refused: " + "; ".join(map(str, self.failed))


def unfit(reason: str) -> Verdict:
    """Of a candidate that cannot be loaded, or refuses what it is asked."""
    finding = Finding(Gate.LOADS, False, 0.0, 1.0, 1.0, "share", 1, note=reason)
    return Verdict((finding,), tuple(gate for gate in Gate if gate is not Gate.LOADS))
