"""The folder of a run: what it was made from, and what came of it."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("matplotlib")

from talkover.core.errors import DataError  # noqa: E402 - after the libraries it needs
from talkover.trainer.stages.card import write_card  # noqa: E402
from talkover.trainer.stages.curves import draw_curves, last_figures  # noqa: E402
from talkover.trainer.stages.guards import Counts  # noqa: E402
from talkover.trainer.stages.run import (  # noqa: E402
    Run,
    load_policy,
    read_metrics,
    read_recipe,
    read_told,
)
from talkover.trainer.stages.watch import to_json  # noqa: E402


@pytest.fixture
def begun(recipe, tmp_path):
    with Run(tmp_path / "run", recipe(), seed=4) as run:
        yield run


def test_it_says_what_it_was_made_from(begun, recipe):
    told = read_told(begun.folder)
    assert told["seed"] == 4
    assert told["recipe"] == recipe().sha256
    assert len(told["data"]) == 64
    assert len(told["revisions"]) == 1
    assert told["machine"]["cores"] >= 1
    assert read_recipe(begun.folder) == recipe()


def test_it_goes_on_with_nothing_else(begun, recipe, recordings):
    Run(begun.folder, recipe(), seed=4).close()
    with pytest.raises(DataError, match="another seed"):
        Run(begun.folder, recipe(), seed=5)
    with pytest.raises(DataError, match="another recipe"):
        Run(begun.folder, recipe(sft={"steps": 3}), seed=4)
    told = json.loads((begun.folder / "run.json").read_text())
    (begun.folder / "run.json").write_text(json.dumps({**told, "data": "0"}))
    with pytest.raises(DataError, match="another data"):
        Run(begun.folder, recipe(), seed=4)
    (begun.folder / "run.json").write_text("{}")
    with pytest.raises(DataError, match="another version"):
        Run(begun.folder, recipe(), seed=4)


def test_a_folder_with_something_else_is_left_alone(recipe, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="not empty"):
        Run(tmp_path, recipe(), seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    with pytest.raises(DataError, match="holds no run"):
        read_told(tmp_path)


def test_only_one_process_writes(begun, recipe):
    before = (begun.folder / "run.json").stat().st_mtime_ns
    Run(begun.folder, recipe(), seed=4, writes=False).close()
    assert (begun.folder / "run.json").stat().st_mtime_ns == before


def test_figures_of_steps_that_are_done_again_are_forgotten(begun):
    for stage, step in (("sft", 1), ("sft", 2), ("sft", 3), ("rl", 4)):
        begun.log(stage, step, {"loss": float(step)})
    with (begun.folder / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "sft", "st')  # killed
    begun.rewind("sft", 2)
    begun.log("sft", 3, {"loss": 9.0})
    lines = [(line["stage"], line["step"], line["loss"]) for line in read_metrics(begun.folder)]
    assert lines == [("sft", 1, 1.0), ("sft", 2, 2.0), ("rl", 4, 4.0), ("sft", 3, 9.0)]
    assert any((begun.folder / "tensorboard" / "sft").iterdir())


def test_curves_are_drawn_of_all_stages(begun):
    assert draw_curves([])[:4] == b"\x89PNG"
    for step in range(5):
        begun.log("sft", step, {"loss": 2.0 - step / 4, "guard wer en/clean": 4.0, "window": 6.0})
        begun.log("rl", step, {"reward": step / 9})
    lines = read_metrics(begun.folder)
    assert draw_curves(lines)[:4] == b"\x89PNG"
    assert draw_curves(lines, {"guard wer en/clean": 3.0}) != draw_curves(lines)
    assert last_figures(lines, "sft") == {"loss": 1.0, "guard wer en/clean": 4.0, "window": 6.0}


def test_the_card_says_where_it_is_worse(begun):
    begun.note(stock=to_json({"en/clean": Counts(100, 3, 1, 20, 0)}))
    facts = {"after": "", "steps": 9, "seconds": 7.4, "reason": "", "window": 6.0, "margin": 2.0}
    begun.record("sft", done=True, **facts)
    begun.record("rl", done=False, backs=["step 7: it was silent"])
    begun.log("sft", 9, {"guard wer en/clean": 5.0, "guard deletions": 0.5, "guard loops": 0.0})
    card = write_card("first", begun.recipe, begun.told, read_metrics(begun.folder))
    assert "| guard wer en/clean | 3.00 | **5.00** (worse) |  |" in card
    assert "| guard deletions | 1.00 | 0.50 |  |" in card
    assert "| sft | base | 9 | 7 | as planned |" in card
    assert "| rl | base | 0 | 0 | not yet |" in card
    assert "- rl, step 7: it was silent" in card
    assert "sft: windows of 6 s, 2 s after the speech" in card
    assert "25 % of examples, by what the stock model hears" in card
    assert "talkover train all --recipe recipe.toml --seed 4 --run runs/first" in card
    assert read_told(begun.folder)["data"][:16] in card


def test_a_stage_that_is_not_done_gives_no_policy(begun, tmp_path):
    begun.record("sft", steps=3)
    for stage in ("", "sft", "rl"):
        with pytest.raises(DataError, match="done: none"):
            load_policy(begun.folder, stage, base=tmp_path)
