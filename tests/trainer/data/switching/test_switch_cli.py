"""``talkover data switches``."""

from typer.testing import CliRunner

from talkover.core.audio import read_wav
from talkover.core.clock import RATE
from talkover.trainer.data.cli import app

runner = CliRunner()


def run(*arguments):
    result = runner.invoke(app, ["switches", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_some_of_each_pair_and_pattern():
    shown = run("--count", "1").splitlines()
    assert len(shown) == 26
    assert sum(line.startswith("insertion") for line in shown) == 5


def test_one_is_said_with_the_times_of_its_words(tmp_path):
    wav = tmp_path / "said.wav"
    shown = run("es-en", "--pattern", "tag", "--count", "2", "--wav", str(wav))
    assert shown.count("tag ") == 2
    assert "0.000" in shown
    assert 0.5 < len(read_wav(wav)) / RATE < 10
