"""What differs between two bundles: files, settings of their parts, metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import from_json

from talkover.core.bundles.manifest import Manifest, read_small
from talkover.core.errors import BundleError

MAX_CONFIG: Final = 1 << 16
"""Bytes of a JSON file whose values are compared; a larger one is data, such as a vocabulary."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes:
        name: Of a file, a value or a metric.
        before: In the first bundle; None: it is not there.
        after: In the second; None: it is not there.
    """

    name: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs, each list in order of names.

    Attributes:
        files: Files with other content; the values are their sizes in bytes.
        values: Of the parts' variants and of their JSON files, by dotted name.
        metrics: What was measured.
    """

    files: list[Change]
    values: list[Change]
    metrics: list[Change]


def compare(
    first: Manifest,
    second: Manifest,
    configs: tuple[Mapping[str, JsonValue], Mapping[str, JsonValue]] = ({}, {}),
) -> Difference:
    """Compare two bundles.

    Args:
        first: Manifest of the one.
        second: Of the other.
        configs: Content of each one's JSON files by path, from ``read_configs``.
    """
    kept = {path for path, entry in first.files.items() if second.files.get(path) == entry}
    files = [
        Change(path, _size(first, path), _size(second, path))
        for path in sorted((first.files.keys() | second.files.keys()) - kept)
    ]
    values = [
        dict(_values(manifest, own)) for manifest, own in zip((first, second), configs, strict=True)
    ]
    return Difference(files, _changes(*values), _changes(first.metrics, second.metrics))


def read_configs(folder: Path, manifest: Manifest) -> dict[str, JsonValue]:
    """The small JSON files of a bundle, by path. One that cannot be read is left out."""
    found: dict[str, JsonValue] = {}
    for path, entry in manifest.files.items():
        if path.endswith(".json") and entry.bytes <= MAX_CONFIG:
            try:
                found[path] = from_json(read_small(folder / path, MAX_CONFIG))
            except (BundleError, ValueError):
                continue
    return found


def _size(manifest: Manifest, path: str) -> int | None:
    entry = manifest.files.get(path)
    return None if entry is None else entry.bytes


def _changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Change]:
    names = sorted(first.keys() | second.keys())
    pairs = [Change(name, first.get(name), second.get(name)) for name in names]
    return [pair for pair in pairs if pair.before != pair.after]


def _values(
    manifest: Manifest, configs: Mapping[str, JsonValue]
) -> Iterator[tuple[str, JsonValue]]:
    for role, part in manifest.parts.items():
        yield from _flat(role, part.variant)
    for path, content in configs.items():
        yield from _flat(path, content)


def _flat(name: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """A value under its name; an object's values under names of their own, lists as a whole."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    else:
        yield name, value
