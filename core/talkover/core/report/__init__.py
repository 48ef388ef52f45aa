"""Reports: what every bench and evaluation prints, keeps as JSON and shows as a page."""

from talkover.core.report.model import Machine, Measure, Report, print_table, this_machine, to_json
from talkover.core.report.output import Listing, hand_over, progress_bar
from talkover.core.report.page import Section, to_html
from talkover.core.report.resampling import Estimate, Resampled
from talkover.core.report.stats import (
    Difference,
    paired_bootstrap,
    percentile,
    percentile_interval,
    pooled_interval,
)

__all__ = [
    "Difference",
    "Estimate",
    "Listing",
    "Machine",
    "Measure",
    "Report",
    "Resampled",
    "Section",
    "hand_over",
    "paired_bootstrap",
    "percentile",
    "percentile_interval",
    "pooled_interval",
    "print_table",
    "progress_bar",
    "this_machine",
    "to_html",
    "to_json",
]
