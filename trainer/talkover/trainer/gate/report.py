"""A judgement as a report. Pure."""

from collections.abc import Sequence
from typing import Final

from talkover.core.bundles import Manifest
from talkover.core.report import Listing, Measure
from talkover.trainer.gate.outcome import Group, Outcome
from talkover.trainer.gate.run import Judgement
from talkover.trainer.gate.verdict import Finding, Gate

_LEAST: Final = frozenset({Gate.LOADS, Gate.GOLDEN})
"""Gates at which the limit is the least, not the most."""


def measures(judgement: Judgement) -> list[Measure]:
    """A row a gate."""
    return [_measure(finding) for finding in judgement.verdict.findings]


def other_parts(candidate: Manifest, current: Manifest) -> list[str]:
    """Roles of parts that differ between two bundles, but for the listener, which is judged."""
    one, other = (
        {
            role: {
                path.partition("/")[2]: file.sha256
                for path, file in manifest.files.items()
                if path.startswith(f"{part.folder}/")
            }
            for role, part in manifest.parts.items()
        }
        for manifest in (candidate, current)
    )
    return sorted(
        role
        for role in one.keys() | other.keys()
        if role != "listener" and one.get(role) != other.get(role)
    )


def listings(judgement: Judgement, others: Sequence[str] = ()) -> list[Listing]:
    """Which gates failed and by how much, what was not judged, and where words were lost.

    Args:
        judgement: What came of it.
        others: Parts that differ, but for the listener.
    """
    failed = [
        (str(one.gate), f"{one.value:.3g}", f"{one.limit:g}", f"{one.beyond:.3g}", one.note)
        for one in judgement.verdict.failed
    ]
    return [
        Listing("Gates that failed", ("gate", "value", "limit", "beyond by", ""), failed),
        Listing("Not judged", ("gate",), [(str(one),) for one in judgement.verdict.unjudged]),
        Listing("Parts that differ, and that no gate judges", ("part",), [(o,) for o in others]),
        _by_condition(judgement),
    ]


def _measure(finding: Finding) -> Measure:
    sign = ">=" if finding.gate in _LEAST else "<="
    unit = "" if finding.unit == "share" else finding.unit
    return Measure(
        str(finding.gate),
        finding.value,
        unit,
        n=finding.n,
        interval=finding.interval,
        bar=f"{sign} {finding.limit:g}",
        met=finding.passed,
        note=finding.note if finding.passed else f"beyond by {finding.beyond:.3g}; {finding.note}",
    )


def _by_condition(judgement: Judgement) -> Listing:
    columns = ("accent, pattern or language", "words", "current (%)", "candidate (%)")
    if judgement.candidate is None or judgement.current is None:
        return Listing("Word errors", columns, [])
    before, after = (_rates(one.outcomes) for one in (judgement.current, judgement.candidate))
    rows = [
        (f"{group}: {name}", str(words), f"{rate:.1f}", f"{after[group, name][1]:.1f}")
        for (group, name), (words, rate) in before.items()
    ]
    rows.sort(key=lambda row: (-float(row[2]), row[0]))
    return Listing("Word errors", columns, rows)


def _rates(outcomes: Sequence[Outcome]) -> dict[tuple[Group, str], tuple[int, float]]:
    """Words and percent of errors."""
    totals: dict[tuple[Group, str], tuple[int, int]] = {}
    for one in outcomes:
        if one.words:
            words, errors = totals.get((one.group, one.condition), (0, 0))
            totals[one.group, one.condition] = words + one.words, errors + one.errors
    return {where: (words, 100 * errors / words) for where, (words, errors) in totals.items()}
