"""What runs leave behind goes in time: people's words with their items, and all of old runs."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from talkover.trainer.mining.files import FOLDER

KEPT: Final = 5
"""Runs whose folders stay, besides the one that what is served came from."""
ITEMS: Final = ".items"
"""Of the folder beside a run's with its manifests."""


def old_runs(runs: Iterable[Mapping[str, Any]], *, keep: int, spare: str) -> list[str]:
    """Runs whose folders may go. Pure.

    Args:
        runs: As the ledger lists them, the latest first.
        keep: So many stay, and one that is under way.
        spare: Stays, too; empty: none.
    """
    over = [str(run["name"]) for run in runs if run["ended"] is not None]
    return [name for name in over[keep:] if name != spare]


def wordy_runs(runs: Iterable[Mapping[str, Any]], before: float) -> list[str]:
    """Runs that ended, and began before a time (seconds since 1970). Pure."""
    return [str(run["name"]) for run in runs if run["ended"] is not None and run["begun"] < before]


def prune(folder: Path, runs: Iterable[Mapping[str, Any]], *, before: float, spare: str) -> None:
    """Remove the folders of old runs, and manifests past retention from all.

    Args:
        folder: Of all runs.
        runs: As the ledger lists them.
        before: What is older is past retention.
        spare: The run that what is served came from; empty: none.
    """
    listed = list(runs)
    gone = old_runs(listed, keep=KEPT, spare=spare)
    for name in gone:
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in {*gone, *wordy_runs(listed, before)}:
        shutil.rmtree(folder / f"{name}{ITEMS}", ignore_errors=True)
        shutil.rmtree(folder / name / FOLDER, ignore_errors=True)
