"""Which bundle a server begins with, takes, and goes back to."""

import pytest

from talkover.core.bundles.registry import Registry
from talkover.core.errors import BundleError

from .small import TRUST, open_shelf, publish


def damage(store, bundle):
    path = store.path(bundle) / "voice" / "weights.bin"
    path.write_bytes(b"x" * path.stat().st_size)


def test_the_current_bundle_is_first(store, shelf, current):
    folder, manifest = shelf.first()
    assert (folder, manifest.id) == (store.path(current), current)


def test_a_server_comes_back_on_the_last_good_one(store, shelf, current):
    newer = publish(store, 1)
    Registry(store, TRUST).promote(newer)
    assert shelf.first()[1].id == newer
    damage(store, newer)
    assert shelf.first()[1].id == current


def test_where_none_is_good_it_says_what_is_wrong(store, shelf, current):
    damage(store, current)
    with pytest.raises(BundleError, match="damaged"):
        shelf.first()


def test_a_bundle_that_was_named_is_the_only_one(store, current):
    named = publish(store, 1)
    shelf = open_shelf(store, named)
    assert shelf.first()[1].id == named
    damage(store, named)
    with pytest.raises(BundleError, match="damaged"):
        shelf.first()
    with pytest.raises(BundleError, match="its settings name"):
        shelf.go_back(named, reason="", by="")


def test_strangers_are_refused_and_old_friends_are_not(store, shelf):
    unsigned = publish(store, 1, signed=False)
    with pytest.raises(BundleError, match="not signed"):
        shelf.take(unsigned)
    assert shelf.take(unsigned, known=True)[1].id == unsigned


def test_a_bundle_must_have_what_the_current_one_has(store, shelf):
    less = publish(store, 1, roles=("vad",))
    with pytest.raises(BundleError, match="has no voice"):
        shelf.take(less)


def test_what_is_settled_is_what_a_restart_begins_with(store, shelf, current):
    newer = publish(store, 1)
    shelf.settle(newer, reason="40 turns without drift", by="a server")
    assert store.current() == newer
    assert shelf.go_back(newer, reason="people complain", by="somebody") == current
    assert store.current() == current


def test_what_never_was_settled_need_not_be_undone(store, shelf, current):
    newer = publish(store, 1)
    assert shelf.go_back(newer, reason="", by="") == current
    assert [entry.kind for entry in Registry(store, TRUST).history()] == ["promote"]
