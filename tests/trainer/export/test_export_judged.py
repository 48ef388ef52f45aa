"""What was found of a listener is on its card."""

import pytest

from talkover.core.errors import DataError
from talkover.core.report import Measure, Report
from talkover.core.report.model import to_json
from talkover.trainer.export.judged import with_judged


def test_what_is_short_is_on_the_card_too(tmp_path):
    found = [
        Measure("errors", 12.0, "%", 7, (10.0, 14.0), "<= 20", True, "from 30"),
        Measure("worst", 3.0, "points", 7, None, "<= 1", False),
    ]
    path = tmp_path / "report.json"
    path.write_text(to_json(Report(title="Side by side", measures=found)))
    card = with_judged("# mine\n\nIt hears.\n", path)
    assert card.startswith("# mine\n\nIt hears.\n\n## Judged\n\nSide by side; revision ")
    first, second = card.splitlines()[-2:]
    assert first.startswith("| errors | 12 % |")
    assert "met" in first
    assert "missed" in second
    assert with_judged(card, path).count("## Judged") == 1, "what was found before is replaced"


@pytest.mark.parametrize("content", ["", "{}", '{"measures": [{"name": "x"}], "title": ""}'])
def test_what_is_no_report_is_refused(tmp_path, content):
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(DataError, match="talkover eval model"):
        with_judged("# mine", path)
