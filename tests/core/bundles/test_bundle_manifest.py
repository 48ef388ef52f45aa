import hashlib
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from talkover.core.bundles import MANIFEST, Manifest, describe, read_manifest
from talkover.core.bundles.manifest import MAX_BYTES, MAX_FILE, MAX_MANIFEST
from talkover.core.errors import BundleError

from .made_bundles import LICENCES, PARTS, fill


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
BAD_RUNS = ("", "..", "../x", "a/../b", "/x", "a//b", "a\\b", "a/", ".hidden", "a\n", "\x1b[1m")
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
    **{
        f"the run {run!r}": {"run": run}
        for run in (
            "",
            "..",
            "../x",
            "a/../b",
            "/x",
            "a//b",
            "a\\b",
            "a/",
            ".hidden",
            "a\n",
            "\x1b[1m",
        )
    },
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
    told = {"parent": "ab" * 32, "run": "small 7/rl", "data": "sha-of-it", "metrics": {"wer": 3.5}}
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
