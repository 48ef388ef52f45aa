import json
import os
import shutil
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from talkover.core.bundles import (
    MANIFEST,
    BundleStore,
    FileEntry,
    Licence,
    Manifest,
    PartEntry,
    describe,
    read_manifest,
)
from talkover.core.bundles.manifest import MAX_BYTES, MAX_FILE, MAX_MANIFEST, content_id
from talkover.core.errors import BundleError

PARTS = {
    "listener": PartEntry(folder="listener", variant={"window_seconds": 10}),
    "voice": PartEntry(folder="voice"),
}
LICENCES = {"listener": Licence(spdx="MIT", origin="somewhere")}
FILES = {"listener/tokens.json": b"{}", "voice/deep/weights.bin": b"\x00\x01" * 500}


def fill(folder, files=FILES):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path)


def publish(store, files=FILES, **about):
    with store.staging() as folder:
        return store.publish(fill(folder, files), describe(folder, PARTS, LICENCES, **about))


def entry(store, bundle_id):
    return store.path(bundle_id) / "voice/deep/weights.bin"


def test_a_published_bundle_is_whole_listed_and_named_by_its_content(store):
    bundle_id = publish(store)
    manifest = store.verify(bundle_id)
    assert manifest.id == bundle_id == content_id(manifest.parts, manifest.files)
    assert manifest.files["listener/tokens.json"].bytes == 2
    assert manifest.parts["listener"].variant == {"window_seconds": 10}
    assert store.list() == [manifest]
    assert store.ids() == [bundle_id]
    assert not list(store.root.glob(".staging-*"))
    assert oct(store.path(bundle_id).stat().st_mode & 0o777) == "0o755"


def test_the_same_content_is_the_same_bundle_whenever_it_is_made(store):
    first = publish(store)
    kept = store.get(first)
    assert publish(store, metrics={"wer": 3.0}, run="later", parent="ab" * 32) == first
    assert store.get(first) == kept  # a published bundle never changes


def test_other_content_or_another_variant_is_another_bundle(tmp_path):
    fill(tmp_path)
    plain = describe(tmp_path, PARTS, LICENCES)
    other = {**PARTS, "listener": PartEntry(folder="listener", variant={"window_seconds": 6})}
    assert describe(tmp_path, other, LICENCES).id != plain.id
    assert describe(tmp_path, PARTS, {}).id == plain.id
    (tmp_path / "listener/tokens.json").write_bytes(b"[]")
    assert describe(tmp_path, PARTS, LICENCES).id != plain.id


@given(st.permutations(sorted(FILES)), st.permutations(sorted(PARTS)))
def test_the_id_does_not_depend_on_order(files, parts):
    entries = {name: FileEntry(sha256="0" * 64, bytes=len(FILES[name])) for name in files}
    ordered = {name: entries[name] for name in sorted(entries)}
    assert content_id({role: PARTS[role] for role in parts}, entries) == content_id(PARTS, ordered)


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def link_out(path):
    path.unlink()
    path.symlink_to("/etc/hostname")


DAMAGE = {
    "is damaged": flip,
    "is missing": lambda path: path.unlink(),
    "has 3 bytes instead of 1000": lambda path: path.write_bytes(b"abc"),
    "is not listed": lambda path: (path.parent / "extra").write_bytes(b""),
    "is not a plain file": link_out,
}


@pytest.mark.parametrize("reason", DAMAGE)
def test_damage_is_named_with_its_cure(store, reason):
    bundle_id = publish(store)
    DAMAGE[reason](entry(store, bundle_id))
    with pytest.raises(BundleError) as caught:
        store.verify(bundle_id)
    assert reason in str(caught.value)
    assert "voice/deep" in str(caught.value)
    assert f"talkover models build --data-dir {store.root.parent}" in str(caught.value)


def test_a_shallow_look_sees_sizes_and_not_bits(store):
    bundle_id = publish(store)
    flip(entry(store, bundle_id))
    store.verify(bundle_id, deep=False)
    entry(store, bundle_id).unlink()
    with pytest.raises(BundleError, match="missing"):
        store.verify(bundle_id, deep=False)


def test_a_linked_folder_is_refused(store, tmp_path):
    bundle_id = publish(store)
    moved = tmp_path / "elsewhere"
    shutil.move(store.path(bundle_id) / "voice", moved)
    (store.path(bundle_id) / "voice").symlink_to(moved)
    with pytest.raises(BundleError, match="not a plain file"):
        store.verify(bundle_id)


def test_a_damaged_bundle_is_replaced_by_a_sound_one(store):
    bundle_id = publish(store)
    flip(entry(store, bundle_id))
    assert publish(store) == bundle_id
    store.verify(bundle_id)
    assert not list(store.root.glob(".staging-*"))


def test_what_is_not_as_described_is_not_published(store):
    with store.staging() as folder:
        manifest = describe(fill(folder), PARTS, LICENCES)
        flip(folder / "voice/deep/weights.bin")
        with pytest.raises(BundleError, match="is damaged"):
            store.publish(folder, manifest)
    assert store.ids() == []


def test_an_interrupted_build_leaves_nothing(store):
    def build():
        with store.staging() as folder:
            fill(folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build()
    assert not list(store.root.iterdir())


def test_old_leftovers_are_swept_and_young_ones_are_not(store):
    for name, age in (("old", 2 * 86_400), ("young", 60)):
        folder = store.root / f".staging-{name}"
        folder.mkdir(parents=True)
        when = time.time() - age
        os.utime(folder, (when, when))
    with store.staging():
        pass
    assert [path.name for path in store.root.glob(".staging-*")] == [".staging-young"]


def test_the_pointer_leads_to_a_bundle_or_says_so(store):
    assert store.current() is None
    bundle_id = publish(store)
    assert store.current() is None
    store.set_current(bundle_id)
    assert store.current() == bundle_id
    shutil.rmtree(store.path(bundle_id))
    with pytest.raises(BundleError, match="the current bundle is not there"):
        store.current()


@pytest.mark.parametrize("content", ["", "../..", "\xff\x00", "0" * 64, "a" * 10_000])
def test_a_pointer_to_nowhere_is_refused(store, content):
    publish(store)
    (store.root / "current").write_text(content)
    with pytest.raises(BundleError, match="not there"):
        store.current()


@pytest.mark.parametrize("bad", ["", "..", "../bundles", "ABCDEF" * 11, "current"])
def test_what_is_no_id_is_no_path(store, bad):
    publish(store)
    for use in (store.path, store.get, store.verify, store.set_current, store.resolve):
        with pytest.raises(BundleError):
            use(bad)


def test_ids_may_be_given_by_their_beginning(store):
    bundle_id = publish(store)
    assert store.resolve(bundle_id[:6]) == store.resolve(bundle_id) == bundle_id
    with pytest.raises(BundleError, match="at least 6"):
        store.resolve(bundle_id[:5])


def test_a_bundle_under_another_name_is_refused(store):
    bundle_id = publish(store)
    store.path(bundle_id).rename(store.root / ("0" * 64))
    with pytest.raises(BundleError, match="holds the bundle"):
        store.get("0" * 64)
    assert store.list() == []


def changed(**changes):
    """A manifest's JSON with an id that fits and with these changes."""
    files = {"voice/a.bin": {"sha256": "0" * 64, "bytes": 1}}
    parts = {"voice": {"folder": "voice", "variant": {}}}
    content = {
        "schema_version": 1,
        "created": "2030-01-01T00:00:00Z",
        "parts": parts,
        "files": files,
        **changes,
    }
    if "id" not in content:
        canonical = {"schema_version": 1, "parts": content["parts"], "files": content["files"]}
        text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
        import hashlib

        content["id"] = hashlib.sha256(text.encode()).hexdigest()
    return content


def files_at(*paths):
    return {path: {"sha256": "0" * 64, "bytes": 1} for path in paths}


BAD_PATHS = [
    "../voice/a.bin",
    "/voice/a.bin",
    "voice/../../a.bin",
    "voice//a.bin",
    "voice/./a.bin",
    "voice\\a.bin",
    "voice/.hidden",
    "a.bin",
    "voice/a\n.bin",
    "voice/" + "a" * 200,
    "voice/a.bin\n",
]
BAD = {
    "a field nobody knows": {"surprise": 1},
    "an id that does not follow": {"id": "0" * 64},
    "a short id": {"id": "abc"},
    "no time zone": {"created": "2030-01-01T00:00:00"},
    "no parts": {"parts": {}},
    "no files": {"files": {}},
    "a part without files": {"parts": {"voice": {"folder": "v"}, "brain": {"folder": "voice"}}},
    "files without a part": {"files": files_at("voice/a", "secret/b")},
    "a shared folder": {"parts": {"voice": {"folder": "voice"}, "brain": {"folder": "voice"}}},
    "an unknown role": {"parts": {"oracle": {"folder": "voice", "variant": {}}}},
    "a folder that leads out": {"parts": {"voice": {"folder": "..", "variant": {}}}},
    "case twins": {"files": files_at("voice/a", "voice/A")},
    "case twins among folders": {"files": files_at("voice/x/a", "voice/X/b")},
    "a file that is a folder": {"files": files_at("voice/a", "voice/a/b")},
    "a signature inside": {"signature": {"value": "x"}},
    "a negative size": {"files": {"voice/a": {"sha256": "0" * 64, "bytes": -1}}},
    "an oversized file": {"files": {"voice/a": {"sha256": "0" * 64, "bytes": 1 << 40}}},
    "a bad sum": {"files": {"voice/a": {"sha256": "xyz", "bytes": 1}}},
    "too many files": {"files": files_at(*(f"voice/{i}" for i in range(300)))},
    **{f"the path {path!r}": {"files": files_at(path)} for path in BAD_PATHS},
}


def test_the_manifest_that_the_bad_ones_are_made_from_is_good(tmp_path):
    (tmp_path / MANIFEST).write_text(json.dumps(changed()))
    assert read_manifest(tmp_path).files["voice/a.bin"].bytes == 1


@pytest.mark.parametrize("case", BAD)
def test_a_manifest_that_breaks_a_rule_is_refused(tmp_path, case):
    (tmp_path / MANIFEST).write_text(json.dumps(changed(**BAD[case])))
    with pytest.raises(BundleError, match=r"manifest\.json of .* is not valid"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("version", [0, 3, 99])
def test_another_schema_is_refused_by_its_number(tmp_path, version):
    (tmp_path / MANIFEST).write_text(json.dumps(changed(schema_version=version)))
    with pytest.raises(BundleError, match=f"is of schema {version}, .* reads 1 and 2"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("version", [None, "1", 1.0, True, [], {}])
def test_what_names_no_schema_is_no_manifest(tmp_path, version):
    (tmp_path / MANIFEST).write_text(json.dumps(changed(schema_version=version)))
    with pytest.raises(BundleError, match="names no schema"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"PK\x03\x04", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_refused(tmp_path, content):
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match="is not JSON"):
        read_manifest(tmp_path)


def test_what_is_json_and_no_manifest_is_refused(tmp_path):
    (tmp_path / MANIFEST).write_text('["schema_version", 1]')
    with pytest.raises(BundleError, match="names no schema"):
        read_manifest(tmp_path)


def test_files_that_are_too_large_together_are_refused(tmp_path):
    each = {"sha256": "0" * 64, "bytes": MAX_FILE}
    files = {f"voice/{i}": each for i in range(MAX_BYTES // MAX_FILE + 1)}
    (tmp_path / MANIFEST).write_text(json.dumps(changed(files=files)))
    with pytest.raises(BundleError, match="bytes together"):
        read_manifest(tmp_path)


OLD = """{
  "schema_version": 1,
  "id": "08be2ff801294343631b586757fccb284503a90658b17e42f39e9e287b9398c8",
  "created": "2026-11-25T19:44:00Z",
  "parent": null,
  "run": null,
  "parts": {"voice": {"folder": "voice", "variant": {"name": "joe"}}},
  "files": {"voice/a.bin": {"sha256": "%s", "bytes": 1}},
  "metrics": {},
  "licences": {},
  "signature": null
}
"""


def test_a_manifest_of_the_first_schema_still_loads_under_its_id(tmp_path):
    (tmp_path / MANIFEST).write_text(OLD % ("0" * 64))
    manifest = read_manifest(tmp_path)
    assert manifest.schema_version == 1
    assert manifest.data is None
    assert '"signature"' not in manifest.to_json()


def test_a_manifest_of_this_schema_has_no_place_for_a_signature(tmp_path):
    (tmp_path / MANIFEST).write_text(json.dumps(changed(schema_version=2, signature=None)))
    with pytest.raises(BundleError, match="signature"):
        read_manifest(tmp_path)


def test_where_weights_come_from_is_told_and_does_not_name_them(tmp_path):
    fill(tmp_path)
    told = {"parent": "ab" * 32, "run": "small-7", "data": "sha-of-it", "metrics": {"wer": 3.5}}
    manifest = describe(tmp_path, PARTS, LICENCES, **told)
    assert manifest.id == describe(tmp_path, PARTS, LICENCES).id
    (tmp_path / MANIFEST).write_text(manifest.to_json())
    assert read_manifest(tmp_path) == manifest
    assert manifest.model_dump(include=told.keys()) == told


@given(st.text(max_size=60))
def test_a_path_that_is_taken_stays_inside(path):
    try:
        manifest = Manifest.model_validate(changed(files=files_at(path)))
    except ValidationError:
        return
    (name,) = manifest.files
    inside = os.path.normpath(os.path.join("/root/bundle", name))  # noqa: PTH118 - as an attacker would
    assert inside.startswith("/root/bundle/voice/")


def test_a_manifest_that_is_missing_torn_linked_or_huge_is_refused(tmp_path):
    path = tmp_path / MANIFEST
    with pytest.raises(BundleError, match=r"no usable manifest\.json"):
        read_manifest(tmp_path)
    path.write_text(json.dumps(changed())[:-20])
    with pytest.raises(BundleError, match="not JSON"):
        read_manifest(tmp_path)
    path.write_bytes(b" " * (MAX_MANIFEST + 1))
    with pytest.raises(BundleError, match="larger than"):
        read_manifest(tmp_path)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(BundleError, match="symbolic link"):
        read_manifest(tmp_path)
