from datetime import UTC, datetime

from talkover.core.bundles import FileEntry, Manifest, PartEntry
from talkover.core.bundles.manifest import content_id
from talkover.core.report import Report, to_html, to_json
from talkover.trainer.gate.decision import gate
from talkover.trainer.gate.outcome import Group, Outcome
from talkover.trainer.gate.report import listings, measures, other_parts
from talkover.trainer.gate.run import Judgement
from talkover.trainer.gate.verdict import Figures, unfit


def figures(errors):
    outcomes = tuple(
        Outcome(f"s{n}", Group.SPOKEN, ("rp", "indian")[n % 2], 10, errors * (1 + n % 2))
        for n in range(10)
    )
    return Figures(outcomes, (50.0,) * 10, 300.0, 1.0)


def manifest(**files):
    """Of a bundle with a file in each part."""
    parts = {role: PartEntry(folder=role) for role in files}
    entries = {f"{role}/file": FileEntry(sha256=one * 64, bytes=1) for role, one in files.items()}
    return Manifest(
        id=content_id(parts, entries),
        created=datetime(2026, 1, 1, tzinfo=UTC),
        parts=parts,
        files=entries,
    )


def test_parts_that_nobody_judges_are_named():
    served = manifest(listener="a", voice="b", vad="c")
    assert other_parts(manifest(listener="d", voice="b", vad="c"), served) == []
    assert other_parts(manifest(listener="a", voice="e", brain="f"), served) == [
        "brain",
        "vad",
        "voice",
    ]


def test_a_refusal_says_which_gate_and_by_how_much():
    after, before = figures(3), figures(1)
    judgement = Judgement(gate(after, before), after, before)
    report = Report(title="Gate", measures=measures(judgement))
    assert not report.met
    table = {one.name: one for one in report.measures}
    assert table["word errors"].met is False
    assert table["word errors"].bar == "<= 2"
    assert table["word errors"].note.startswith("beyond by ")
    assert table["golden outputs"].bar == ">= 1"
    assert table["golden outputs"].met
    failed, unjudged, others, conditions = listings(judgement, ["voice"])
    assert others.rows == [("voice",)]
    assert [row[0] for row in failed.rows] == ["word errors", "word errors, worst five"]
    assert [row[0] for row in unjudged.rows] == [
        "switched words",
        "word errors, real people",
        "words out of nothing",
    ]
    assert conditions.rows == [
        ("spoken: indian", "50", "20.0", "60.0"),
        ("spoken: rp", "50", "10.0", "30.0"),
    ]
    page = to_html(report, [one.section() for one in listings(judgement)])
    assert "beyond by" in page
    assert '"met": false' in to_json(report)


def test_what_could_not_be_loaded_is_reported_too():
    judgement = Judgement(unfit("no graph"))
    (only,) = measures(judgement)
    assert (only.name, only.met) == ("loads and hears", False)
    assert "no graph" in only.note
    assert listings(judgement)[-1].rows == []
