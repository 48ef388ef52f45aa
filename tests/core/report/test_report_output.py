import io
import json

from rich.console import Console

from talkover.core.report import Listing, Measure, Report, hand_over

REPORT = Report(title="t", measures=[Measure("errors", float("nan"), "%", 0)], revision="")
WORST = Listing("The <worst>", ("read", "understood"), [("1 < 2 [b]", "é")])


def shown(*listings):
    stream = io.StringIO()
    hand_over(REPORT, Console(file=stream, width=120), listings=listings)
    return stream.getvalue()


def test_listings_are_printed_as_they_are():
    assert "The <worst>" in shown(WORST)
    assert "1 < 2 [b]" in shown(WORST)


def test_a_listing_without_rows_is_left_out():
    assert "nothing" not in shown(Listing("nothing", ("a",), []))


def test_files_are_written_where_they_are_asked_for(tmp_path):
    paths = {"json": tmp_path / "r.json", "html": tmp_path / "r.html"}
    details = {"calls": [{"gap": float("inf"), "text": "é"}]}
    console = Console(file=io.StringIO())
    hand_over(REPORT, console, **paths, listings=[WORST], details=details)
    text = paths["json"].read_text("utf-8")
    content = json.loads(text)
    assert content["title"] == "t"
    assert content["calls"] == [{"gap": None, "text": "é"}]
    assert '"é"' in text
    assert "<td>1 &lt; 2 [b]</td><td>é</td>" in paths["html"].read_text("utf-8")
