import os
import shutil
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.bundles import BundleStore, FileEntry, PartEntry, describe
from talkover.core.bundles.manifest import content_id
from talkover.core.errors import BundleError

from .made_bundles import FILES, LICENCES, PARTS, fill, publish


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path)


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


def leftover(store, name, age):
    folder = store.root / f".staging-{name}"
    folder.mkdir(parents=True)
    when = time.time() - age
    os.utime(folder, (when, when))
    return folder


def test_what_a_killed_process_left_is_swept_and_what_a_live_one_fills_is_not(store):
    leftover(store, "old", 60)
    young = leftover(store, "young", 1)
    with store.staging() as slow:
        when = time.time() - 86_400
        os.utime(slow, (when, when))
        with store.staging():
            assert {*store.root.glob(".staging-*")} >= {young, slow}
            assert not (store.root / ".staging-old").exists()
    assert [*store.root.glob(".staging-*")] == [young]


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
