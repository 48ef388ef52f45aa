"""Whose folder it is: what is made bit by bit is gone on with as it was begun, or not at all."""

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically

_SAYS: Final = (
    *("accents", "engines", "switching", "switching/foreign", "switching/languages"),
    "conversations",
)


def claim(out: Path, mark: str, given: Mapping[str, Any], *, other: str) -> None:
    """Note what a folder is of, or see that it is of just that.

    Args:
        out: The folder; made if there is none.
        mark: The file in it that tells.
        given: All that decides what the set is like, but for the code.
        other: What is there if it is not that, for the error.

    Raises:
        DataError: it holds something else, or what another version of Talkover began.
    """
    told = out / mark
    content = json.dumps({"code": _code(), **given}, indent=1, ensure_ascii=False)
    with suppress(FileNotFoundError):
        if told.read_text("utf-8") != content:
            raise DataError(f"{out} holds {other}; choose another --out")
        return
    if out.is_dir() and any(out.iterdir()):
        raise DataError(f"{out} is not empty and no set of ours; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(told, content.encode())


def _code() -> str:
    """A digest of all that says what an utterance is like: halves of two versions are no set."""
    here = files(__package__)
    folders = [here, *(here.joinpath(name) for name in _SAYS)]
    digest = sha256()
    for folder in folders:
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.name.endswith((".py", ".toml")):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
