import json
import multiprocessing
import os
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.bundles import MANIFEST, BundleStore
from talkover.core.bundles.contents import SIGNATURE, read_signature
from talkover.core.bundles.keys import key_file, read_signer, signer_of, trust_of
from talkover.core.bundles.signature import PublicKey, Signature, Trust
from talkover.core.errors import BundleError, ConfigError, UntrustedError
from talkover.core.settings import load_settings

from .made_bundles import SIGNER, TRUST, a_signer, fill, publish


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKOVER_CONFIG", str(tmp_path / "talkover.toml"))


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path / "data")


def write(path, key, encryption=None, mode=0o600):
    encryption = encryption or NoEncryption()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    path.chmod(mode)
    return path


def test_a_key_is_made_once_and_for_its_owner_only(settings):
    before = os.umask(0)
    try:
        made = signer_of(settings)
    finally:
        os.umask(before)
    path = key_file(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert signer_of(settings).public == made.public
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_processes_that_make_a_key_at_once_get_the_same(settings):
    fork = multiprocessing.get_context("fork")
    together, found = fork.Barrier(4), fork.SimpleQueue()

    def race():
        together.wait()
        found.put(signer_of(settings).public.id)

    racers = [fork.Process(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    ids = {found.get() for _ in racers}
    for racer in racers:
        racer.join()
    assert ids == {signer_of(settings).public.id}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_key_that_others_can_use_is_refused(settings, mode):
    signer_of(settings)
    path = key_file(settings)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        signer_of(settings)
    with pytest.raises(ConfigError, match="others can use"):
        trust_of(settings)


def test_a_key_that_is_named_is_not_made_up(tmp_path):
    named = load_settings(data_dir=tmp_path, bundles__signing_key=tmp_path / "mine.pem")
    with pytest.raises(ConfigError, match=r"mine\.pem cannot be read .*openssl genpkey"):
        signer_of(named)
    with pytest.raises(ConfigError, match="cannot be read"):
        trust_of(named)
    write(tmp_path / "mine.pem", Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
    assert signer_of(named).public == SIGNER.public
    assert trust_of(named).keys.keys() == {SIGNER.public.id}


def test_what_is_no_key_of_this_kind_is_refused(tmp_path):
    path = tmp_path / "key.pem"
    wrong = [
        lambda: path.write_text("no key"),
        lambda: write(path, X25519PrivateKey.generate()),
        lambda: write(path, Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")),
    ]
    for make in wrong:
        path.touch(mode=0o600)
        make()
        with pytest.raises(ConfigError, match="holds no Ed25519 private key"):
            read_signer(path)


def test_a_machine_without_a_key_trusts_nobody(settings):
    assert trust_of(settings) == Trust({}, required=True)
    assert not settings.data_dir.exists(), "asking who is trusted makes no key"


def test_keys_that_are_listed_are_the_only_ones(tmp_path, monkeypatch):
    listed = json.dumps([SIGNER.public.text, a_signer(2).public.text])
    monkeypatch.setenv("TALKOVER_BUNDLES__TRUSTED_KEYS", listed)
    monkeypatch.setenv("TALKOVER_BUNDLES__REQUIRE_SIGNATURE", "false")
    settings = load_settings(data_dir=tmp_path)
    own = signer_of(settings)
    trust = trust_of(settings)
    assert trust.keys.keys() == {SIGNER.public.id, a_signer(2).public.id}
    assert own.public.id not in trust.keys
    assert not trust.required


@pytest.mark.parametrize("text", ["", "x", "AAAA", "A" * 44, "Ä" * 44, SIGNER.public.text[:-4]])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ConfigError, match="is no public key"):
        PublicKey.parse(text)


def test_a_public_key_is_the_same_from_its_text():
    assert PublicKey.parse(SIGNER.public.text) == SIGNER.public


def test_openssl_agrees_on_what_a_signature_is(tmp_path):
    key = write(tmp_path / "key.pem", Ed25519PrivateKey.generate())
    (tmp_path / "manifest").write_bytes(b"content")
    command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", tmp_path / "manifest"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no openssl that can sign with Ed25519")
    assert read_signer(key).public.signed(b"content", done.stdout)


@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(1, 255))
def test_one_bit_of_difference_is_seen(content, at, flip):
    signature = SIGNER.sign(content)
    assert TRUST.check(content, signature, "b") == SIGNER.public.id
    spoiled = bytearray(content or b"\x00")
    spoiled[at % len(spoiled)] ^= flip
    with pytest.raises(UntrustedError, match="does not fit"):
        TRUST.check(bytes(spoiled), signature, "b")


@given(st.binary(max_size=300))
def test_what_is_no_signature_is_refused_whatever_it_is(content):
    with pytest.raises(BundleError, match=r"signature\.json of b is not valid"):
        TRUST.check(b"manifest", content, "b")


def test_where_none_is_required_only_a_wrong_signature_is_refused():
    lenient = TRUST.lenient()
    assert lenient.check(b"manifest", None, "b") is None
    assert lenient.check(b"manifest", a_signer(2).sign(b"manifest"), "b") is None
    assert lenient.check(b"manifest", SIGNER.sign(b"manifest"), "b") == SIGNER.public.id
    with pytest.raises(BundleError, match="does not fit"):
        lenient.check(b"manifest", SIGNER.sign(b"other"), "b")


def test_a_bundle_is_signed_when_it_is_published_or_later(tmp_path):
    store = BundleStore(tmp_path)
    bundle_id = publish(store, seal=None)
    with pytest.raises(BundleError, match=r"is not signed; .* run: talkover bundles sign$"):
        store.verify(bundle_id, trust=TRUST)
    store.sign(bundle_id, a_signer(2))
    with pytest.raises(BundleError, match="unknown key"):
        store.verify(bundle_id, trust=TRUST)
    store.sign(bundle_id, SIGNER)
    assert store.verify(bundle_id, trust=TRUST).id == bundle_id
    made = Signature.parse((store.path(bundle_id) / SIGNATURE).read_bytes(), "")
    assert made.key_id == SIGNER.public.id


def test_publishing_again_signs_what_was_not(tmp_path):
    store = BundleStore(tmp_path)
    bundle_id = publish(store, seal=None, run="first")
    kept = (store.path(bundle_id) / MANIFEST).read_bytes()
    assert publish(store, run="second") == bundle_id
    assert (store.path(bundle_id) / MANIFEST).read_bytes() == kept
    store.verify(bundle_id, trust=TRUST)


def test_nobody_vouches_for_a_damaged_bundle(tmp_path):
    store = BundleStore(tmp_path)
    bundle_id = publish(store, seal=None)
    fill(store.path(bundle_id), {"voice/deep/weights.bin": b"\x00\x02" * 500})
    with pytest.raises(BundleError, match="is damaged"):
        store.sign(bundle_id, SIGNER)
    assert read_signature(store.path(bundle_id)) is None


def test_a_signed_copy_takes_the_place_of_an_unsigned_one(tmp_path):
    theirs, ours = BundleStore(tmp_path / "theirs"), BundleStore(tmp_path / "ours")
    bundle_id = publish(theirs, run="told")
    assert publish(ours, seal=None) == bundle_id
    assert ours.import_(theirs.path(bundle_id), TRUST).run == "told"
    ours.verify(bundle_id, trust=TRUST)
    publish(theirs, seal=a_signer(2))
    assert ours.import_(theirs.path(bundle_id), Trust({}, required=False)).run == "told"
    ours.verify(bundle_id, trust=TRUST)
