"""``talkover data align``, and what stands behind ``talkover eval aligner``."""

import json

import pytest
import soundfile
from typer.testing import CliRunner

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError
from talkover.trainer.data.aligning.judge import lag_measures, measures
from talkover.trainer.data.aligning.trial import run
from talkover.trainer.data.cli import app

runner = CliRunner()


@pytest.fixture
def model(ear, tmp_path):
    path = tmp_path / "ear.safetensors"
    ear.write(path)
    return path


def test_a_recording_is_aligned_and_a_manifest_with_one_that_cannot_be_says_so(
    said, model, tmp_path
):
    one = said[0]
    soundfile.write(tmp_path / "one.wav", one.pcm, RATE)
    given = ["align", str(tmp_path / "one.wav"), "--text", one.text, "--model", str(model)]
    alone = runner.invoke(app, given, env={"COLUMNS": "120"})
    assert alone.exit_code == 0, alone.output
    assert all(word.text in alone.output for word in one.words)

    lines = [{"audio_filepath": f"{name}.wav", "text": one.text} for name in ("one", "none")]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    given = ["align", "--manifest", str(tmp_path / "m.jsonl"), "--model", str(model)]
    both = runner.invoke(app, [*given, "--json", str(tmp_path / "out.jsonl")])
    assert both.exit_code == 1
    assert "cannot be read" in both.output
    (line,) = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [word["text"] for word in json.loads(line)["words"]] == [w.text for w in one.words]


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        (["align"], "give a recording and its --text"),
        (["align", "a.wav"], "give a recording and its --text"),
        (["align", "a.wav", "--text", "so", "--model", "no"], "run: talkover train aligner"),
    ],
)
def test_what_is_missing_is_named(given, cure):
    result = runner.invoke(app, given)
    assert isinstance(result.exception, ConfigError)
    assert cure in str(result.exception)


def test_a_trial_judges_quiet_and_noise_and_skews(aligner, quiet_recipe):
    steps = []
    judged, lags = run(aligner, quiet_recipe, 2, tick=lambda: steps.append(1))
    assert len(steps) == 4
    assert [one.condition for one in judged] == ["clean", "10 dB"] * 2
    assert len(lags) == 12
    names = [one.name for one in [*measures(judged, engine="espeak"), *lag_measures(lags)]]
    assert "word boundaries, p90, espeak, 10 dB" in names
    assert "lanes 40 ms off, refused, clean" in names
