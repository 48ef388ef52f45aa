"""Reports: what every bench and evaluation prints, keeps as JSON and shows as a page."""

from talkover.core.report.model import Machine, Measure, Report, print_table, this_machine, to_json
from talkover.core.report.page import Section, to_html
from talkover.core.report.stats import (
    Difference,
    paired_bootstrap,
    percentile,
    percentile_interval,
    pooled_interval,
)

__all__ = [
    "Difference",
    "Machine",
    "Measure",
    "Report",
    "Section",
    "paired_bootstrap",
    "percentile",
    "percentile_interval",
    "pooled_interval",
    "print_table",
    "this_machine",
    "to_html",
    "to_json",
]
