"""The command, as a process of its own: what it needs and does not find."""

import os
import subprocess
import sys

import pytest

from talkover.core.bundles import BundleStore
from talkover.core.bundles.assemble import Step, assemble

COMMAND = """
import os, sys, typer
if "WITHOUT" in os.environ:
    sys.modules[os.environ["WITHOUT"]] = None  # importing it fails as if it were not installed
from talkover.core.errors import TalkoverError
from talkover.trainer.cli import register
app = typer.Typer()
register(app)
try:
    app()
except TalkoverError as error:
    sys.exit(f"{error.code} {error}")
"""


def run(*arguments, **variables):
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "eval", "listener", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **variables, "COLUMNS": "300"},
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def built(tmp_path):
    """A data folder with something that passes for a bundle."""

    def make(out, _tell):
        (out / "part.bin").write_bytes(b"weights")
        return {}

    store = BundleStore(tmp_path)
    store.set_current(assemble(store, {"voice": Step(make, 1)}, {}))
    return tmp_path


def test_a_folder_without_a_bundle_names_the_cure(tmp_path):
    code, output = run("--data-dir", str(tmp_path / "none"))
    assert code == 1
    assert "talkover models build --data-dir" in output
    assert "Traceback" not in output


def test_a_bundle_that_is_not_there_names_the_cure(built):
    code, output = run("--data-dir", str(built), "--bundle", "abcdef")
    assert code == 1
    assert "talkover bundles list" in output


def test_missing_base_weights_name_the_cure(built):
    code, output = run("--data-dir", str(built))
    assert code == 1
    assert "talkover models pull whisper-base --data-dir" in output


@pytest.mark.bundle
@pytest.mark.parametrize("library", ["torch", "transformers", "jiwer"])
def test_a_missing_library_names_the_cure(bundle, library):
    data_dir = str(bundle.parent.parent)
    code, output = run("--bundle", bundle.name, "--data-dir", data_dir, WITHOUT=library)
    if "models pull" in output:
        pytest.skip("no base weights; `make models` fetches them")
    assert code == 1
    assert f"{library} is not installed; run: pip install 'talkover[trainer]'" in output


def test_help_tells_what_can_be_said():
    code, output = run("--help")
    assert code == 0
    for flag in ("--bundle", "--utterances", "--quick", "--json", "--html", "--data-dir", "--seed"):
        assert flag in output
