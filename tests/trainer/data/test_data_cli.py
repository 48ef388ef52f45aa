"""``talkover data``."""

from typer.testing import CliRunner

from talkover.core.audio import read_wav
from talkover.core.clock import RATE
from talkover.trainer.data.cli import app

runner = CliRunner()


def run(*arguments):
    result = runner.invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_all_accents_in_a_table():
    listed = run("accents")
    assert "scottish" in listed
    assert len(listed.splitlines()) == 1 + 18


def test_one_accent_with_its_source():
    shown = run("accents", "london")
    assert "Wells (1982)" in shown
    assert "θ > f" in shown


def test_a_text_in_an_accent_is_written_and_can_be_heard(tmp_path):
    wav = tmp_path / "said.wav"
    said = run("say", "scottish", "The loch is near my house.", "--wav", str(wav))
    assert "nˈiɹ" in said
    assert "house." in said
    assert 1 < len(read_wav(wav)) / RATE < 4
