from talkover.core.report import Report, to_html, to_json
from talkover.trainer.gate.decision import gate
from talkover.trainer.gate.outcome import Group, Outcome
from talkover.trainer.gate.report import listings, measures
from talkover.trainer.gate.run import Judgement
from talkover.trainer.gate.verdict import Figures, unfit


def figures(errors):
    outcomes = tuple(
        Outcome(f"s{n}", Group.SPOKEN, ("rp", "indian")[n % 2], 10, errors * (1 + n % 2))
        for n in range(10)
    )
    return Figures(outcomes, (50.0,) * 10, 300.0, 1.0)


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
    failed, unjudged, conditions = listings(judgement)
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
    assert listings(judgement)[2].rows == []
