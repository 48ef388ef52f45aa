"""The commands: what they need and do not find."""

import pytest
import typer
from typer.testing import CliRunner

from talkover.core.errors import BundleError
from talkover.trainer.cli import register


@pytest.fixture(scope="module")
def command():
    app = typer.Typer()
    register(app)
    return app


@pytest.mark.parametrize("group", ["train", "eval"])
def test_help_tells_what_can_be_said(command, group):
    shown = CliRunner().invoke(command, [group, "overlap", "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for flag in ("--quick", "--seed", "--data-dir", "--out" if group == "train" else "--model"):
        assert flag in shown.output


@pytest.mark.parametrize("rest", [["train", "overlap", "--out", "here"], ["eval", "overlap"]])
def test_a_folder_without_a_bundle_names_the_cure(command, tmp_path, rest):
    done = CliRunner().invoke(command, [*rest, "--data-dir", str(tmp_path)])
    assert isinstance(done.exception, BundleError)
    assert "talkover models build" in str(done.exception)


def test_a_folder_without_a_classifier_is_refused(command, tmp_path):
    done = CliRunner().invoke(command, ["eval", "overlap", "--model", str(tmp_path)])
    assert isinstance(done.exception, BundleError)
    assert "no overlap classifier" in str(done.exception)
