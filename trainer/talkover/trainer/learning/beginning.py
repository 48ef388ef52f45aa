"""What a run begins with: the weights that the served listener goes back to, and its windows."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from talkover.core.bundles.store import BundleStore
from talkover.core.clock import RATE
from talkover.core.errors import BundleError, WeightsError
from talkover.core.learning.ledger import learning_folder
from talkover.core.listener import ListenerConfig
from talkover.core.listener.build import read_config
from talkover.core.listener.ct2 import read_ct2, written_like
from talkover.core.listener.delta import merged
from talkover.core.listener.deltafile import DELTA, read_delta, shipped_delta
from talkover.core.listener.tokens import read_tokenizer
from talkover.core.settings import Settings
from talkover.core.weights import find_part, require
from talkover.core.weights.disk import sha256_of, write_atomically
from talkover.trainer.learning.parents import first_bundle
from talkover.trainer.stages.tables import WindowSettings

_LISTENER: Final = "listener"
_MODEL: Final = "model.bin"
_BESIDE: Final = ("config.json", "tokenizer.json", "vocabulary.txt")


def base_of(settings: Settings) -> Path:
    """The weights that runs change: those that the bundle which is served goes back to.

    Talkover's own training is in them unless it was left out of that bundle, so nothing of it is
    unlearnt, and nothing comes in that the calls did not teach. Where nobody knows what that bundle
    was, it was most likely the usual one.

    Raises:
        WeightsError: the base weights are missing, or what comes along is of others.
    """
    stock, delta = _stock(settings), shipped_delta()
    first = first_bundle(settings.data_dir)
    if delta is None or (first is not None and DELTA not in first.parts[_LISTENER].variant):
        return stock
    return merged_base(stock, delta, _bases(settings))


def base_named(settings: Settings, name: str) -> Path:
    """The weights that a run has begun with, whatever is served by now.

    Args:
        settings: Of this process.
        name: Of the folder that ``base_of`` gave.

    Raises:
        WeightsError: they are not here any more.
    """
    stock, delta = _stock(settings), shipped_delta()
    if name == stock.name:
        return stock
    if delta is not None:
        folder = merged_base(stock, delta, _bases(settings))
        if folder.name == name:
            return folder
    raise WeightsError(
        f"the run began with the weights {name}, and another version of them comes along by now; "
        "what it has learnt cannot be gone on with"
    )


def _stock(settings: Settings) -> Path:
    return require(settings.data_dir, find_part("whisper-base"))


def _bases(settings: Settings) -> Path:
    return learning_folder(settings.data_dir) / "bases"


def merged_base(stock: Path, delta: Path, bases: Path) -> Path:
    """A folder of weights with a delta in them, in full precision; made once.

    Args:
        stock: Base weights, as ``talkover models pull`` leaves them.
        delta: The file.
        bases: Where such folders are.

    Raises:
        WeightsError: the delta is of other weights.
    """
    folder = bases / sha256_of(delta)[:16]
    if (folder / _MODEL).is_file():  # written last, and whole
        return folder
    change = read_delta(delta)
    if change.about.base != sha256_of(stock / _MODEL):
        raise WeightsError(
            f"the delta of run {change.about.run} is of other base weights; run: "
            "talkover models pull --force whisper-base"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in _BESIDE:
        if (stock / name).is_file():
            shutil.copyfile(stock / name, folder / name)
    if change.about.empty:
        _let_texts_be_empty(folder)
    weights = merged(read_ct2(stock / _MODEL), change.changes)
    write_atomically(folder / _MODEL, written_like(stock / _MODEL, weights))
    return folder


def _let_texts_be_empty(folder: Path) -> None:
    """What the delta has learnt is said where published weights say that it is not allowed."""
    path = folder / "config.json"
    told = json.loads(path.read_text("utf-8"))
    learnt = read_config(path, read_tokenizer(folder), empty=True)
    told["suppress_ids_begin"] = list(learnt.suppress_begin)
    write_atomically(path, json.dumps(told).encode())


def served_windows(windows: WindowSettings, data_dir: Path) -> WindowSettings:
    """A recipe's windows from the one on that the served listener has earned; see ``from_there``.

    Args:
        windows: Of the recipe.
        data_dir: Where bundles are.
    """
    store = BundleStore(data_dir)
    try:
        current = store.current()
        if current is None:
            return windows
        served = ListenerConfig.read(store.path(current) / "listener").window
    except BundleError:
        return windows
    return from_there(windows, served.minimum / RATE, served.margin / RATE)


def from_there(windows: WindowSettings, seconds: float, margin: float) -> WindowSettings:
    """Windows from one on, and the shorter ones of a recipe after it. Pure.

    Begun with longer ones, what is learnt would be slower than what it is to replace, and be
    refused for that.

    Args:
        windows: Of the recipe, the longest first.
        seconds: The window.
        margin: Its silence after the speech (seconds).
    """
    both = zip(windows.shortest, windows.margins, strict=True)
    steps = [(seconds, margin), *(step for step in both if step[0] < seconds)]
    return replace(
        windows,
        shortest=tuple(one for one, _ in steps),
        margins=tuple(after for _, after in steps),
        longest=max(windows.longest, seconds),
    )
