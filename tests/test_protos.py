"""The generated code is what the .proto files say."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_regenerating_gives_no_difference(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_protos.py", tmp_path],
        check=True,
        env={**os.environ, "PATH": path},
        capture_output=True,
    )
    fresh = {p.relative_to(tmp_path): p.read_text() for p in tmp_path.rglob("*_pb2*")}
    kept = {
        p.relative_to(ROOT / "protos"): p.read_text()
        for p in (ROOT / "protos").rglob("*_pb2*")
        if "__pycache__" not in p.parts
    }
    assert fresh, "the generator wrote nothing"
    assert fresh == kept, "run `make protos`"
