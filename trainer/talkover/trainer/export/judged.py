"""What a report found, on the card of what it judged."""

import json
import math
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import DataError
from talkover.core.report import Measure
from talkover.core.report.model import interval_text, verdict, with_unit

_HEADING: Final = "## Judged"


def with_judged(card: str, report: Path) -> str:
    """A card with a report's measures, those that are short of their bars among them.

    Args:
        card: Markdown; what an earlier report found goes.
        report: JSON, as ``talkover eval model`` writes it.

    Raises:
        DataError: the file is none.
    """
    try:
        told: dict[str, Any] = json.loads(report.read_text("utf-8"))
        measures = [_measure(one) for one in told["measures"]]
        title, revision = str(told["title"]), str(told["revision"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{report} is no report ({error!r}); make one: talkover eval model"
        ) from None
    rows = [
        f"| {one.name} | {with_unit(one)} | {interval_text(one)} | {one.n} | {one.bar or ''} "
        f"| {verdict(one)} | {one.note} |"
        for one in measures
    ]
    head = ["| what | measured | 95 % | clips | bar | | |", "|---|---|---|---|---|---|---|"]
    about = f"{title}; revision {revision[:12] or 'unknown'}."
    before = card.partition(f"\n{_HEADING}\n")[0].rstrip()
    return "\n".join([before, "", _HEADING, "", about, "", *head, *rows]) + "\n"


def _measure(given: dict[str, Any]) -> Measure:
    interval = given["interval"]
    return Measure(
        str(given["name"]),
        math.nan if given["value"] is None else float(given["value"]),
        str(given["unit"]),
        int(given["n"]),
        (float(interval[0]), float(interval[1])) if interval else None,
        given["bar"],
        given["met"],
        str(given["note"]),
    )
