"""All commands load as one: those of the trainer must not need what only the trainer installs."""

import subprocess
import sys

ONLY_TRAINER = ("pypinyin", "panphon", "wordfreq", "torch", "transformers", "lhotse")


def test_commands_load_without_the_packages_of_the_trainer():
    code = (
        "import sys\n"
        "from talkover.core.cli import build\n"
        "build()\n"
        f"print(*sorted(set({ONLY_TRAINER!r}) & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
