"""``talkover data voices``, and ``say`` with one of them."""

import pytest
from typer.testing import CliRunner

from talkover.core.audio import read_wav
from talkover.core.clock import RATE
from talkover.trainer.data.cli import app
from talkover.trainer.data.engines.available import available


def run(*arguments):
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_voices_are_listed_with_who_they_are():
    listed = run("voices")
    assert "flite-awb" in listed
    assert next(line for line in listed.splitlines() if line.startswith("piper-joe ")).split()[
        1:5
    ] == ["piper", "joe", "male", "en-US"]


def test_a_text_is_said_by_whom_one_likes(tmp_path):
    if "flite-slt" not in {one.name for one in available()}:
        pytest.skip("flite is not installed")
    wav = tmp_path / "said.wav"
    said = run("say", "rp", "Near the lot.", "--voice", "flite-slt", "--wav", str(wav))
    assert "flite-slt" in said
    assert "ɪə as ɪ ə" in said
    assert 0.5 < len(read_wav(wav)) / RATE < 3
