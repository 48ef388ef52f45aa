"""Where the Redis of a data folder is: what starts it and what reads from it must agree."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from talkover.core.settings import Settings

_LONGEST_SOCKET: Final = 100  # of 104 (macOS) or 108 bytes that an address can have


def redis_url(settings: Settings) -> str:
    """The Redis that is set, or else that of the data folder, whether or not it runs."""
    return settings.traces.redis_url or default_url(settings.data_dir)


def default_url(data_dir: Path) -> str:
    """Where the embedded server of a data folder listens, whether or not it runs."""
    return f"unix://{redis_socket(redis_folder(data_dir))}"


def redis_folder(data_dir: Path) -> Path:
    """Where the embedded server keeps its files."""
    return data_dir.expanduser().absolute() / "traces" / "redis"


def redis_socket(folder: Path) -> Path:
    """In the folder; in a private temporary one if the path is too long for a socket."""
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"talkover-{os.getuid()}-{name}" / "redis.sock"
