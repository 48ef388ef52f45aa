"""Every kind of bad bundle, each refused with its own reason, wherever it is found."""

import json
import os
import shutil
import stat
import warnings
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from talkover.core.bundles import MANIFEST, BundleStore, FileEntry, PartEntry
from talkover.core.bundles.contents import MAX_SIGNATURE, SIGNATURE, check_bundle
from talkover.core.bundles.manifest import MAX_FILE, MAX_MANIFEST, content_id
from talkover.core.errors import BundleError

from .made_bundles import FILES, SIGNER, TRUST, a_signer, publish

WEIGHTS = "voice/deep/weights.bin"


def rewritten(change, signer=SIGNER):
    """Change a manifest, and have it signed, as a trusted key gone bad would."""

    def tamper(folder):
        content = json.loads((folder / MANIFEST).read_text())
        change(content)
        parts = {role: PartEntry.model_construct(**part) for role, part in content["parts"].items()}
        files = {path: FileEntry.model_construct(**file) for path, file in content["files"].items()}
        content["id"] = content_id(parts, files)
        put(folder, json.dumps(content).encode(), signer)

    return tamper


def put(folder, manifest, signer=SIGNER):
    (folder / MANIFEST).write_bytes(manifest)
    (folder / SIGNATURE).write_bytes(signer.sign(manifest))


def listed(path, **entry):
    return rewritten(
        lambda content: content["files"].update({path: {"sha256": "0" * 64, "bytes": 1, **entry}})
    )


def flip(folder):
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)


def link(name, target):
    def tamper(folder):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.symlink_to(target)

    return tamper


def changed_after_it_was_signed(folder):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"run": "r1"', '"run": "r2"'))


def forged(folder):
    """Another's signature under the name of a trusted key."""
    made = json.loads(a_signer(2).sign((folder / MANIFEST).read_bytes()))
    (folder / SIGNATURE).write_text(json.dumps({**made, "key_id": SIGNER.public.id}))


def external_data(folder):
    tensor = numpy_helper.from_array(np.zeros(9, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    model = helper.make_model(helper.make_graph([], "g", [], [], [tensor])).SerializeToString()
    (folder / "voice/model.onnx").write_bytes(model)
    listed("voice/model.onnx", bytes=len(model))(folder)


def a_part_less(folder):
    shutil.rmtree(folder / "voice")


REFUSED = {
    "a corrupt file": (flip, r"weights\.bin is damaged: its sha256"),
    "a truncated file": (
        lambda folder: os.truncate(folder / WEIGHTS, 400),
        r"has 400 bytes instead of 1000",
    ),
    "an oversized file": (
        lambda folder: os.truncate(folder / WEIGHTS, 4_000),
        r"has 4000 bytes instead of 1000",
    ),
    "a file too large for any bundle": (
        listed("voice/huge.bin", bytes=MAX_FILE + 1),
        r"files\.voice/huge\.bin\.bytes: Input should be less than",
    ),
    "a missing file": (lambda folder: (folder / WEIGHTS).unlink(), r"weights\.bin is missing"),
    "a missing part": (a_part_less, r"weights\.bin is missing"),
    "an extra file": (
        lambda folder: (folder / "voice/run.sh").write_text("#!"),
        r"voice/run\.sh is not listed",
    ),
    "an extra file beside the parts": (
        lambda folder: (folder / "setup.py").write_text(""),
        r"setup\.py is not listed",
    ),
    "a file whose name differs by case": (
        lambda folder: (folder / "voice/deep/Weights.bin").write_bytes(FILES[WEIGHTS]),
        r"Weights\.bin is not listed",
    ),
    "paths that differ by case": (listed("voice/deep/WEIGHTS.bin"), r"two paths differ only in"),
    "a path that leads out": (listed("voice/../../../evil"), r"does not stay inside"),
    "an absolute path": (listed("/etc/cron.d/evil"), r"does not stay inside"),
    "a path with a backslash": (listed("voice\\..\\evil"), r"does not stay inside"),
    "a linked file": (link(WEIGHTS, "/etc/hostname"), r"weights\.bin is not a plain file"),
    "a linked folder": (link("voice", "/etc"), r"voice is not a plain file"),
    "a linked manifest": (link(MANIFEST, "/etc/hostname"), r"manifest\.json.*symbolic link"),
    "a linked signature": (link(SIGNATURE, "/etc/hostname"), r"signature\.json.*symbolic link"),
    "no signature": (lambda folder: (folder / SIGNATURE).unlink(), r"is not signed"),
    "a signature that is none": (
        lambda folder: (folder / SIGNATURE).write_text("{}"),
        r"signature\.json of .* is not valid: key_id",
    ),
    "a huge signature": (
        lambda folder: (folder / SIGNATURE).write_bytes(b" " * (MAX_SIGNATURE + 1)),
        r"signature\.json of .* is larger",
    ),
    "a manifest changed after it was signed": (
        changed_after_it_was_signed,
        r"signature of .* does not fit its manifest",
    ),
    "a forged signature": (forged, r"signature of .* does not fit its manifest"),
    "an unknown key": (
        lambda folder: put(folder, (folder / MANIFEST).read_bytes(), a_signer(2)),
        rf"unknown key {a_signer(2).public.id}",
    ),
    "another schema": (
        rewritten(lambda content: content.update(schema_version=3)),
        r"is of schema 3",
    ),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), r"has no (usable )?manifest"),
    "a manifest that is no JSON": (lambda folder: put(folder, b"PK\x03\x04"), r"is not JSON"),
    "a huge manifest": (
        lambda folder: put(folder, b" " * (MAX_MANIFEST + 1)),
        r"manifest\.json of .* is larger",
    ),
    "an id that does not follow": (
        lambda folder: put(
            folder, (folder / MANIFEST).read_bytes().replace(folder.name.encode(), b"0" * 64)
        ),
        r"the id does not follow",
    ),
    "weights in another file": (external_data, r"model\.onnx keeps weights in another file"),
}


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path):
    """A good bundle of somebody else's."""
    elsewhere = BundleStore(tmp_path / "theirs")
    return elsewhere.path(publish(elsewhere, run="r1"))


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_folder_is_not_taken_in(store, theirs, case):
    tamper, reason = REFUSED[case]
    tamper(theirs)
    with pytest.raises(BundleError, match=reason):
        store.import_(theirs, TRUST)
    assert not store.root.exists() or [path.name for path in store.root.iterdir()] in (
        [],
        [".lock"],
    )


@pytest.mark.parametrize("case", REFUSED)
def test_a_bundle_that_went_bad_in_its_place_is_not_loaded(theirs, case):
    tamper, reason = REFUSED[case]
    tamper(theirs)
    with pytest.raises(BundleError, match=reason):
        check_bundle(theirs, deep=True, trust=TRUST)
    with pytest.raises(BundleError, match=reason):
        BundleStore(theirs.parent.parent).verify(theirs.name, trust=TRUST)


def test_a_pipe_is_refused_without_waiting_for_it(store, theirs):
    (theirs / WEIGHTS).unlink()
    os.mkfifo(theirs / WEIGHTS)
    with pytest.raises(BundleError, match="not a plain file"):
        store.import_(theirs, TRUST)
    (theirs / MANIFEST).unlink()
    os.mkfifo(theirs / MANIFEST)
    with pytest.raises(BundleError, match="not a plain file"):
        store.import_(theirs, TRUST)


def test_what_the_good_bundle_of_these_tests_is_made_of_is_taken_in(store, theirs):
    manifest = store.import_(theirs, TRUST)
    assert store.verify(manifest.id, trust=TRUST) == manifest
    for name in (MANIFEST, SIGNATURE):
        assert (store.path(manifest.id) / name).read_bytes() == (theirs / name).read_bytes()
    assert manifest.run == "r1"


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def test_a_zip_file_is_taken_in_like_a_folder(store, theirs, tmp_path):
    path = zipped(theirs, tmp_path / "b.zip")
    assert store.verify(store.import_(path, TRUST).id, trust=TRUST).id == theirs.name


def slip(name):
    return lambda archive: archive.writestr(name, b"evil")


def linked(archive):
    info = zipfile.ZipInfo("voice/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def twice(archive):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(WEIGHTS, FILES[WEIGHTS])


ZIPS = {
    "a name that leads out": (slip("../../evil"), r"\.\./\.\./evil leads out"),
    "a name that leads out later": (slip("voice/../../evil"), "leads out"),
    "an absolute name": (slip("/etc/evil"), "leads out"),
    "a name for another system": (slip("\\\\server\\evil"), "leads out"),
    "a name nobody listed": (slip("voice/evil"), "is not listed"),
    "a link": (linked, r"voice/link is not a plain file"),
    "a file that is there twice": (twice, "is there twice"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_file_cannot_lead_out(store, theirs, tmp_path, case):
    spoil, reason = ZIPS[case]
    path = zipped(theirs, tmp_path / "b.zip")
    with zipfile.ZipFile(path, "a") as archive:
        spoil(archive)
    with pytest.raises(BundleError, match=reason):
        store.import_(path, TRUST)
    assert store.ids() == []
    assert not [*tmp_path.rglob("evil")]


def test_a_zip_file_that_holds_more_than_it_says_is_not_read_to_its_end(store, theirs, tmp_path):
    (theirs / WEIGHTS).write_bytes(bytes(50_000_000))
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(theirs.rglob("*")):
            archive.write(file, file.relative_to(theirs))
    at = path.read_bytes().replace(
        (50_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    )
    path.write_bytes(at)
    with pytest.raises(BundleError, match=r"has more than the 1000 bytes|CRC"):
        store.import_(path, TRUST)
    assert store.ids() == []


def test_what_is_neither_a_folder_nor_a_zip_file_is_refused(store, tmp_path):
    (tmp_path / "file").write_text("no")
    for place in ("file", "nowhere"):
        with pytest.raises(BundleError, match=place):
            store.import_(tmp_path / place, TRUST)


def test_a_torn_zip_file_is_refused(store, theirs, tmp_path):
    path = zipped(theirs, tmp_path / "b.zip")
    content = path.read_bytes()
    at = content.index(FILES[WEIGHTS])
    path.write_bytes(content[:at] + bytes(500) + content[at + 500 :])
    with pytest.raises(BundleError, match=r"Bad CRC-32 for file 'voice/deep/weights"):
        store.import_(path, TRUST)
    assert store.ids() == []


def test_a_bundle_is_taken_in_from_what_fsspec_reaches(store, theirs):
    import fsspec

    memory = fsspec.filesystem("memory")
    for file in theirs.rglob("*"):
        if file.is_file():
            memory.pipe_file(f"/bucket/{theirs.name}/{file.relative_to(theirs)}", file.read_bytes())
    url = f"memory://bucket/{theirs.name}"
    assert store.import_(url, TRUST).id == theirs.name
    store.verify(theirs.name, trust=TRUST)
    memory.pipe_file(f"/bucket/{theirs.name}/voice/evil", b"")
    with pytest.raises(BundleError, match="voice/evil is not listed"):
        BundleStore(store.root / "other").import_(url, TRUST)
    with pytest.raises(BundleError, match="cannot be had from that URL"):
        store.import_("nosuch://bucket/x", TRUST)
    with pytest.raises(BundleError, match="no manifest"):
        store.import_("memory://bucket/nothing", TRUST)


def test_a_disk_that_is_too_small_is_found_out_before_copying(store, theirs, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(9, 9, 900))
    with pytest.raises(BundleError, match="are free"):
        store.import_(theirs, TRUST)
    assert store.ids() == []
