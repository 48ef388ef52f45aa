"""kill -9 at random moments: what is there is whole, and what is current can be loaded.

``TALKOVER_KILLS`` says how many.
"""

import multiprocessing
import os
import random
import time

from talkover.core.bundles import BundleStore
from talkover.core.bundles.registry import Registry
from talkover.core.errors import BundleError

from .made_bundles import FILES, SIGNER, TRUST, publish

KILLS = int(os.environ.get("TALKOVER_KILLS", "12"))
FORK = multiprocessing.get_context("fork")
SIZE = 1 << 20


def heavy(number):
    """Files that take a while to copy, in several pieces."""
    names = ["voice/deep/weights.bin", *(f"voice/{i}.bin" for i in range(4))]
    return {**FILES, **{name: number.to_bytes(4, "big") * (SIZE // 4) for name in names}}


def work(registry, theirs, seed):
    """Everything that changes a store, without end."""
    draw = random.Random(seed)
    for number in range(1_000_000):
        elsewhere = publish(theirs, heavy(draw.randrange(1 << 32)), run=str(number))
        registry.store.import_(theirs.path(elsewhere), TRUST)
        registry.promote(elsewhere, reason="on and on")
        here = publish(registry.store, heavy(draw.randrange(1 << 32)), seal=None)
        registry.store.sign(here, SIGNER)
        registry.promote(here)
        if number % 2:
            registry.rollback()


def check(registry, seen):
    """What a server finds when it starts now."""
    store = registry.store
    for bundle_id in store.ids():  # of those that were seen before only the signature can change
        store.verify(bundle_id, deep=bundle_id not in seen, trust=TRUST.lenient())
        seen.add(bundle_id)
    current = store.current()
    if current is not None:
        store.verify(current, trust=TRUST)
        assert registry.history()[-1].bundle == current


def test_a_process_that_is_killed_leaves_nothing_half_done(tmp_path):
    registry = Registry(BundleStore(tmp_path / "ours"), TRUST)
    draw = random.Random(5)
    left, cut_off, seen = set(), 0, set()
    for kill in range(KILLS):
        theirs = BundleStore(tmp_path / "theirs" / str(kill))
        worker = FORK.Process(target=work, args=(registry, theirs, kill))
        worker.start()
        time.sleep(draw.uniform(0.05, 0.6))
        worker.kill()
        worker.join()
        assert worker.exitcode == -9, "it ended by itself"
        now = {path.parent for path in registry.store.root.glob(".staging-*/*")}
        cut_off += bool(now - left)
        left = now
        check(registry, seen)
    print(f"{KILLS} kills, {cut_off} with a bundle half made, {len(seen)} whole bundles")
    assert seen
    assert registry.history()
    before = registry.store.current()
    try:
        assert registry.rollback().before == before
    except BundleError:
        assert len(registry.history()) < 2


def test_a_bundle_is_seen_whole_by_those_who_look_while_it_comes(tmp_path):
    store, theirs = BundleStore(tmp_path / "ours"), BundleStore(tmp_path / "theirs")
    elsewhere = publish(theirs, heavy(1))
    worker = FORK.Process(target=store.import_, args=(theirs.path(elsewhere), TRUST))
    worker.start()
    looks = 0
    while worker.is_alive():
        for bundle_id in store.ids():
            store.verify(bundle_id, trust=TRUST)
        looks += 1
    worker.join()
    assert worker.exitcode == 0
    assert store.ids() == [elsewhere]
    assert looks > 1
