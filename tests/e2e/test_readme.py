"""What the README promises in code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.bundle]

README = Path(__file__).parents[2] / "README.md"


def test_the_sdk_example_runs(server):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert "grpc://127.0.0.1:8640" in example
    done = subprocess.run(
        [sys.executable, "-c", example.replace("grpc://127.0.0.1:8640", server.url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "AgentText" in done.stdout
