"""Regenerate the Python code beside the .proto files: ``make protos``.

Run with a folder as argument, it writes there instead; a test compares the two.
"""

import importlib.resources
import sys
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent / "protos"


def generate(out: Path) -> int:
    """Write ``*_pb2.py``, ``*_pb2_grpc.py`` and their stubs below ``out``; protoc's exit code."""
    bundled = importlib.resources.files("grpc_tools") / "_proto"
    sources = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.proto"))
    flags = [f"--{kind}_out={out}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    return int(protoc.main(["protoc", f"-I{ROOT}", f"-I{bundled}", *flags, *sources]))


if __name__ == "__main__":
    sys.exit(generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
