"""The page's files, as they are served."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

_TYPES: Final = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def kind_of(name: str) -> str:
    """The media type of one of the page's files."""
    return _TYPES[name.rpartition(".")[2]]


def read_page() -> dict[str, bytes]:
    """The page's files by name, read once: what is not there cannot be asked for."""
    found = find_spec("talkover.client")  # looked up, not imported
    folders = (
        [Path(place) / "web" for place in found.submodule_search_locations or ()] if found else []
    )
    return {
        entry.name: entry.read_bytes()
        for folder in folders
        if folder.is_dir()
        for entry in folder.iterdir()
        if entry.is_file() and entry.name.rpartition(".")[2] in _TYPES
    }
