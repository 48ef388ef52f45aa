"""Bundles that behave like another one and are not the same: for tests that swap them."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from talkover.core.bundles import BundleStore, describe, read_manifest
from talkover.core.bundles.keys import signer_of
from talkover.core.listener.golden import GOLDEN_FILE, GoldenOutput, write_golden
from talkover.core.settings import load_settings

OVERLAP = "overlap/config.json"
LISTENER = "listener/listener.json"


def copy_bundle(
    data_dir: Path,
    source: str,
    file: str,
    *,
    golden: Sequence[GoldenOutput] = (),
    all_parts: bool = False,
    **changes: Any,
) -> str:
    """Publish a signed copy of a bundle with other values in one JSON file of it; its id.

    Args:
        data_dir: Of the store.
        source: The bundle's id.
        file: Path of the file in the bundle.
        golden: The listener's golden outputs; none: as they are.
        all_parts: Every part is to be another one, not only that file's.
        **changes: Values, by key.
    """
    store = BundleStore(data_dir)
    before = store.path(source)
    manifest = read_manifest(before)
    with store.staging() as folder:
        for name in manifest.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(before / name, folder / name)
        content = json.loads((folder / file).read_text()) | changes
        (folder / file).unlink()
        (folder / file).write_text(json.dumps(content))
        if golden:
            (folder / "listener" / GOLDEN_FILE).unlink(missing_ok=True)
            write_golden(folder / "listener", golden)
        parts = {
            role: part.model_copy(update={"variant": {**part.variant, "copy": True}})
            if all_parts
            else part
            for role, part in manifest.parts.items()
        }
        made = describe(folder, parts, manifest.licences, parent=source)
        return store.publish(folder, made, signer_of(load_settings(data_dir=data_dir)))


def damage(data_dir: Path, bundle_id: str, file: str) -> None:
    """Turn one byte in the middle of a bundle's file, in a copy of its own."""
    path = BundleStore(data_dir).path(bundle_id) / file
    aside = path.with_suffix(".aside")
    shutil.copyfile(path, aside)
    content = bytearray(aside.read_bytes())
    content[len(content) // 2] ^= 0xFF
    aside.write_bytes(content)
    aside.replace(path)
