"""Bundles: immutable sets of weights, named by their content, published whole."""

from talkover.core.bundles.manifest import (
    MANIFEST,
    FileEntry,
    Licence,
    Manifest,
    PartEntry,
    describe,
    read_manifest,
)
from talkover.core.bundles.store import BundleStore

__all__ = [
    "MANIFEST",
    "BundleStore",
    "FileEntry",
    "Licence",
    "Manifest",
    "PartEntry",
    "describe",
    "read_manifest",
]
