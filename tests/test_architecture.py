"""The rules of the house that imports can break."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HALVES = ("server", "client", "trainer")
NATIVE = ROOT / "server/talkover/server/thinking/native"


def imports(path):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        yield from _imported(node)


def _imported(node):
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


def sources(package):
    found = sorted((ROOT / package / "talkover").rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("package", ["core", *HALVES])
def test_the_halves_do_not_import_one_another(package):
    forbidden = tuple(f"talkover.{other}" for other in HALVES if other != package)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if name.startswith(forbidden)
    ]
    assert not wrong


def test_the_turn_taking_core_is_pure():
    allowed = ("talkover.server.turns", "talkover.core.clock")
    standard = {"collections", "dataclasses", "enum", "typing"}
    for path in (ROOT / "server/talkover/server/turns").glob("*.py"):
        for name in imports(path):
            assert name.startswith(allowed) or name.partition(".")[0] in standard, (path, name)


def test_serving_imports_neither_torch_nor_pickle_on_purpose():
    for path in [*sources("core"), *sources("server"), *sources("client")]:
        named = {name.partition(".")[0] for name in imports(path)}
        if NATIVE not in path.parents:
            assert not named & {"torch", "transformers"}, path
        assert not named & {"pickle", "dill", "joblib"}, path


def test_only_who_asks_for_a_native_brain_imports_it():
    package = "talkover.server.thinking.native"
    for path in sources("server"):
        names = {name for name in imports(path) if name.startswith(package)}
        if names and NATIVE not in path.parents:
            assert path.name == "building.py"
            top = {n for node in ast.parse(path.read_text()).body for n in _imported(node)}
            assert not names & top


def test_loading_the_server_loads_no_torch():
    code = "import sys, talkover.server.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_namespace_root_is_a_package():
    assert not list(ROOT.glob("*/talkover/__init__.py"))
