"""From labelled items to what training reads: manifests by their trust, and a recipe."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import DataError
from talkover.core.learning.items import Item
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.texts import Split
from talkover.trainer.learning.labels import Label, Source
from talkover.trainer.stages.recipe import TrainingRecipe
from talkover.trainer.stages.tables import SourceSettings

NEW: Final = "calls"
BEFORE: Final = "earlier"
_REPLAYED: Final = 1 / 3
"""Of what is heard of calls, those of earlier runs, where there are any."""


def write_manifests(
    folder: Path, sounds: Path, items: Iterable[Item], run: str
) -> dict[str, tuple[Path, float, int]]:
    """Write items with words as manifests, one for each trust; those of this run apart from others.

    Args:
        folder: Where to.
        sounds: Where their audio is.
        items: That are ready.
        run: Whose ``NEW`` ones are.

    Returns:
        Of each manifest by its name: where it is, how far it is trusted, and its lines.

    Raises:
        DataError: a label cannot be read.
    """
    lines: dict[tuple[str, float], list[str]] = defaultdict(list)
    for item in items:
        label = label_of(item)
        if label.source is not Source.OUTCOME:
            which = NEW if item.run == run else BEFORE
            line = line_of(item, label, folder, sounds)
            lines[which, label.trust].append(json.dumps(line, ensure_ascii=False))
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for (which, trust), some in sorted(lines.items()):
        name = f"{which}{round(100 * trust)}"
        path = folder / f"{name}.jsonl"
        write_atomically(path, ("\n".join(some) + "\n").encode())
        written[name] = (path, trust, len(some))
    return written


def line_of(item: Item, label: Label, folder: Path, sounds: Path) -> dict[str, Any]:
    """An item as a line of a manifest in a folder."""
    audio = item.audio or ""
    path = sounds / audio[:2] / f"{audio}.flac"
    return {
        "id": item.name,
        "audio_filepath": Path(os.path.relpath(path, folder)).as_posix(),
        "duration": round(item.seconds, 5),
        "text": label.text,
        "split": Split.TRAIN.value,
        "locale": label.language,
        "languages": [label.language],
        "speaker": item.caller or item.session,
        "trust": label.trust,
        "source": label.source.value,
        "heard": label.heard,
    }


def label_of(item: Item) -> Label:
    """What was said.

    Raises:
        DataError: the label cannot be read.
    """
    try:
        return Label.parse(item.label or "")
    except (KeyError, TypeError, ValueError):
        raise DataError(
            f"the label of {item.name} cannot be read; another version of Talkover wrote it"
        ) from None


def with_calls(
    recipe: TrainingRecipe, written: Mapping[str, tuple[Path, float, int]], share: float
) -> TrainingRecipe:
    """A recipe that hears calls, too; what it heard before is the replay.

    Args:
        recipe: As it is.
        written: From ``write_manifests``.
        share: Of what is heard, calls.

    Raises:
        DataError: there are no calls.
    """
    if not written:
        raise DataError("no turn says what was said; wait for corrections, or for the teacher")
    total = sum(one.share for one in recipe.data.sources.values())
    sources = {
        name: replace(one, share=one.share / total * (1 - share))
        for name, one in recipe.data.sources.items()
    }
    for name, part in _parts(written).items():
        path, trust, _ = written[name]
        sources[name] = SourceSettings(share=share * part, manifest=str(path), trust=trust)
    return replace(recipe, data=replace(recipe.data, sources=sources))


def _parts(written: Mapping[str, tuple[Path, float, int]]) -> dict[str, float]:
    """Of what is heard of calls, the share of each manifest: as many as it has lines."""
    groups = [_group(written, NEW), _group(written, BEFORE)]
    weights = [1.0 - _REPLAYED, _REPLAYED] if all(groups) else [1.0, 1.0]
    return {
        name: weight * count / sum(group.values())
        for group, weight in zip(groups, weights, strict=True)
        for name, count in group.items()
    }


def _group(written: Mapping[str, tuple[Path, float, int]], which: str) -> dict[str, int]:
    return {name: count for name, (_, _, count) in written.items() if name.startswith(which)}


def outcomes(items: Sequence[Item]) -> list[Label]:
    """Readings of which nothing is known but what came after them."""
    labels = (label_of(item) for item in items)
    return [label for label in labels if label.source is Source.OUTCOME]
