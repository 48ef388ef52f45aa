"""The command, with the real listener of a bundle beside stock Whisper."""

import json

import pytest
import typer
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")

from talkover.core.audio.prompts import find_prompts
from talkover.core.errors import ConfigError, DataError, WeightsError
from talkover.core.settings import load_settings
from talkover.trainer.cli import register
from talkover.trainer.evaluation.trained.speed import speed_measures


def call(*arguments):
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["eval", "model", *map(str, arguments)])


@pytest.mark.bundle
def test_stock_and_the_exported_listener_read_the_same_clips(bundle, tmp_path):
    if not (load_settings().data_dir / "weights" / "whisper-base").is_dir():
        pytest.skip("no base weights; `make models` fetches them")
    if not all(map(find_prompts, ("en", "es", "fr"))):
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    json_file, page = tmp_path / "model.json", tmp_path / "model.html"
    told = ["--bundle", bundle.name, "--quick", "--no-speed", "--sets", "real"]
    result = call(*told, "--json", json_file, "--html", page)
    assert result.exit_code in (0, 1), result.output
    content = json.loads(json_file.read_text())
    assert content["clips"] == 6
    assert [one["name"] for one in content["readers"]] == ["stock", f"{bundle.name[:8]}-int8"]
    assert len(content["measures"]) == 3
    clean = content["figures"]["word errors, people clean"]["stock"]
    assert 0 <= clean["value"] < 60
    assert clean["interval"] is None
    assert "<audio" in page.read_text()
    files = sorted(tmp_path.rglob("real.jsonl"))
    assert [len(path.read_text().splitlines()) for path in files] == [7, 7]
    before = [path.read_text() for path in files]
    again = call(*told, "--json", json_file)
    assert again.exit_code == result.exit_code
    assert [path.read_text() for path in files] == before


def test_missing_weights_name_the_cure(tmp_path):
    result = call("--data-dir", tmp_path)
    assert isinstance(result.exception, WeightsError)
    assert "talkover models pull whisper-base" in str(result.exception)


def test_what_cannot_be_evaluated_names_the_cure(tmp_path):
    assert "name some of" in str(call("--sets", "reel").exception)
    assert isinstance(call("--sets", "reel").exception, ConfigError)
    if (load_settings().data_dir / "weights" / "whisper-base").is_dir():
        result = call("--run", tmp_path)
        assert isinstance(result.exception, DataError)
        assert "talkover train" in str(result.exception)
        assert call("--bundle", "current:fp8").exit_code == 2


def test_speed_is_judged_by_rounds_in_which_both_were_timed():
    times, alone = speed_measures([600, 500, 700, 600, 600], [100, 100, 140, 200, 120], "5 s")
    assert (times.value, times.met) == (5, True)
    assert (alone.value, alone.met) == (120, True)
    slow, late = speed_measures([600] * 5, [160] * 5, "5 s")
    assert (slow.met, late.met, late.n) == (False, False, 5)
