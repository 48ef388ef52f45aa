import hashlib
import json
import math

import pytest
from typer.testing import CliRunner

from talkover.core.cli import build
from talkover.trainer.evaluation.crossmodal.asking import Wanted, ask_all
from talkover.trainer.evaluation.crossmodal.baseline import guesser
from talkover.trainer.evaluation.crossmodal.conditions import Condition, partners, shown
from talkover.trainer.evaluation.crossmodal.figures import listings, measures, paces, wrong
from talkover.trainer.evaluation.crossmodal.page import sections
from talkover.trainer.evaluation.crossmodal.rows import PERFECT, Row, from_plain, of, to_plain
from talkover.trainer.evaluation.kept import Kept
from talkover.trainer.seeing.questions.asking import question
from talkover.trainer.seeing.questions.question import Kind, Split
from talkover.trainer.seeing.questions.scoring import is_right

WANTED = Wanted((Kind.CHARTS,), 8, 0, 0)


@pytest.fixture(scope="module")
def charts():
    return WANTED.questions(Kind.CHARTS)


class Looker:
    """Knows each picture by heart, and what may be asked about it."""

    name = "looker"

    def __init__(self, questions):
        self._known = {self._place(one.pictures[-1]): one.answer for one in questions}

    def answer(self, question, pictures, times, moment):
        assert all(time <= moment for time in times)
        return self._known[self._place(pictures[-1])] if pictures else "I can't see anything."

    @staticmethod
    def _place(picture):
        return hashlib.sha256(picture.tobytes()).digest()


def kept_at(path):
    return Kept(path, {"of": "charts"}, to_plain, from_plain)


def test_a_late_picture_is_not_there_yet(charts):
    for one in charts:
        pictures, times = shown(one, Condition.LATE)
        assert len(pictures) == sum(one.moment - time >= 1 for time in one.times)
        assert all(time <= one.moment for time in times)
    assert shown(charts[0], Condition.NONE) == ((), ())


def test_what_happened_less_than_a_second_ago_is_never_seen_late():
    one = question(0, Split.TEST, Kind.MOMENTS)
    assert len(shown(one, Condition.LATE)[0]) == len(one.pictures) - 1


def test_a_wrong_picture_has_another_answer_and_the_times_of_the_question(charts):
    wrong_ones = partners(charts)
    assert wrong_ones
    for number, other in wrong_ones.items():
        one = charts[number]
        assert one.answerable
        assert other.form == one.form
        assert not is_right(one, other.answer)
        pictures, times = shown(one, Condition.WRONG, other)
        assert pictures is other.pictures
        ages = [one.moment - time for time in times]
        assert ages == pytest.approx([other.moment - time for time in other.times], abs=0.011)


def test_who_looks_is_right_and_is_not_right_with_other_pictures(charts, tmp_path):
    kept = kept_at(tmp_path / "rows.jsonl")
    ticks = []
    ask_all(WANTED, Looker(charts), (), {}, None, kept, lambda: ticks.append(1))
    assert all(row.right for row in of(kept.all, Condition.ALL))
    blind = of(kept.all, Condition.NONE)
    assert [row.right for row in blind] == [not row.answerable for row in blind]
    assert not any(row.right for row in of(kept.all, Condition.WRONG))
    assert len(ticks) == len(kept.all) <= WANTED.total(0)

    again = kept_at(tmp_path / "rows.jsonl")
    assert again.all == kept.all
    ask_all(WANTED, Looker([]), (), {}, None, again)  # knows nothing, and is asked nothing
    assert again.all == kept.all


def test_a_guesser_knows_what_is_asked_and_nothing_else(charts):
    who = guesser(WANTED)
    assert all(who.answer(one.question, (), (), 0.0) for one in charts)
    assert who.answer("What is the meaning of life?", (), (), 0.0) == ""


def row(kind, number, right, condition=Condition.ALL, ears=PERFECT, reason="", said="red"):
    return Row(
        kind=kind,
        form="of",
        number=number,
        question="What colour is it?",
        answer=f"colour {number}",
        reason=reason,
        condition=condition.value,
        ears=ears,
        heard="What colour is it?",
        said=said,
        right=right,
        seconds=0.1,
        accent="" if ears == PERFECT else "scottish",
        snr=None if ears == PERFECT else 4.0,
    )


def found(measured, name):
    return next(one for one in measured if one.name == name)


@pytest.mark.parametrize(("share", "met"), [(9, True), (8, False)])
def test_the_bar_of_right_answers(share, met):
    kinds = [kind.value for kind in Kind][:8]
    rows = [row(kind, number, number < share) for kind in kinds for number in range(10)]
    told = found(measures(rows, "", ""), f"right, {PERFECT}")
    assert told.value == pytest.approx(10 * share)
    assert told.met is met


def test_seven_kinds_are_too_few():
    kinds = [kind.value for kind in Kind][:7]
    rows = [row(kind, number, right=True) for kind in kinds for number in range(10)]
    assert found(measures(rows, "", ""), f"right, {PERFECT}").met is False


def test_wrong_pictures_must_bring_it_down_to_chance():
    straight = [row("colours", number, right=True) for number in range(10)]
    for right, met in ((1, True), (5, False)):
        others = [row("colours", n, n < right, Condition.WRONG) for n in range(10)]
        told = found(measures([*straight, *others], "", ""), Condition.WRONG.value)
        assert told.met is met


def test_what_training_gains_is_counted_on_the_same_questions():
    stock = [row("colours", n, n < 5, ears="stock") for n in range(10)]
    trained = [row("colours", n, n < 7, ears="trained") for n in range(8)]
    told = found(measures([*stock, *trained], "stock", "trained"), "gained out loud")
    assert told.n == 8
    assert told.value == pytest.approx(25.0)
    assert told.met is True
    tables = {one.title: one for one in listings([*stock, *trained])}
    assert tables["Out loud, by accent (%)"].rows == [["scottish", "50", "88"]]
    assert tables["Out loud, by signal-to-noise ratio (%)"].rows == [["0 to 5 dB", "50", "88"]]


def test_refusals_are_told_apart():
    rows = [
        row("colours", 0, right=True, reason="dark", said="I can't tell"),
        row("colours", 1, right=False, said="I can't tell"),
        row("colours", 2, right=True),
    ]
    told = measures(rows, "", "")
    assert found(told, "says it can't tell").value == 100
    assert found(told, "says it can't tell, but could").value == 50
    assert [line[3] for line in wrong(rows).rows] == ["I can't tell"]


def test_the_page_shows_pictures_and_answers(charts, tmp_path):
    kept = kept_at(None)
    ask_all(Wanted((Kind.CHARTS,), 2, 0, 0), Looker(charts), (), {}, None, kept)
    body = "".join(one.body for one in sections(kept.all, 0, None, listings(kept.all)))
    assert body.count("<img") >= 2
    assert "data:image/jpeg" in body
    assert "<script" not in body


def test_the_command_asks_from_end_to_end(tmp_path):
    told = ["--answerer", "majority", "--kinds", "charts", "--count", "6", "--spoken", "0"]
    files = ["--json", str(tmp_path / "x.json"), "--html", str(tmp_path / "x.html")]
    data = ["--data-dir", str(tmp_path / "data")]
    done = CliRunner().invoke(build(), ["eval", "crossmodal", *told, *files, *data])
    assert done.exit_code == 1, done.output  # one kind is too few, and a guess is no answer
    report = json.loads((tmp_path / "x.json").read_text())
    assert len([one for one in report["answers"] if one["condition"] == "as they are"]) == 6
    assert "<img" in (tmp_path / "x.html").read_text()


def test_an_unknown_kind_is_refused(tmp_path):
    done = CliRunner().invoke(build(), ["eval", "crossmodal", "--kinds", "smells"])
    assert done.exit_code == 2
    assert "no kind" in done.output


def test_how_quick_answers_are_is_told_by_medians():
    first, rate = paces([(0.4, 30.0), (0.6, math.nan), (0.9, 20.0), (0.5, 40.0)])
    assert (first.value, first.n, first.met) == (pytest.approx(0.55), 4, True)
    assert (rate.value, rate.n, rate.met) == (30.0, 3, True)
    slow, few = paces([(0.8, 24.0)])
    assert not slow.met
    assert not few.met
    none = paces([])
    assert math.isnan(none[0].value)
    assert not none[0].met
