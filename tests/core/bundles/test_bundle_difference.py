import pytest

from talkover.core.bundles import BundleStore, PartEntry
from talkover.core.bundles.difference import MAX_CONFIG, Change, compare, read_configs

from .made_bundles import FILES, PARTS, publish


@pytest.fixture
def store(tmp_path):
    return BundleStore(tmp_path)


def differences(store, first, second):
    one, other = store.get(first), store.get(second)
    return compare(
        one,
        other,
        (read_configs(store.path(first), one), read_configs(store.path(second), other)),
    )


def test_nothing_differs_from_itself(store):
    same = publish(store, metrics={"wer": 3.0})
    found = differences(store, same, same)
    assert found.files == found.values == found.metrics == []


def test_files_values_and_metrics_that_differ_are_named(store):
    first = publish(
        store,
        {**FILES, "listener/c.json": b'{"window": {"seconds": 10, "past": 6}, "a": [1]}'},
        metrics={"wer": 3.0, "cer": 1.0},
    )
    parts = {**PARTS, "listener": PartEntry(folder="listener", variant={"window_seconds": 6})}
    second = publish(
        store,
        {
            "listener/tokens.json": b"{}",
            "voice/deep/weights.bin": b"\x00\x02" * 500,
            "listener/c.json": b'{"window": {"seconds": 6, "past": 6}, "a": [1, 2]}',
            "voice/new.bin": b"n",
        },
        parts=parts,
        metrics={"wer": 2.5, "per": 0.1},
    )
    found = differences(store, first, second)
    assert found.files == [
        Change("listener/c.json", 48, 50),
        Change("voice/deep/weights.bin", 1000, 1000),
        Change("voice/new.bin", None, 1),
    ]
    assert found.values == [
        Change("listener.window_seconds", 10, 6),
        Change("listener/c.json.a", [1], [1, 2]),
        Change("listener/c.json.window.seconds", 10, 6),
    ]
    assert found.metrics == [
        Change("cer", 1.0, None),
        Change("per", None, 0.1),
        Change("wer", 3.0, 2.5),
    ]
    back = differences(store, second, first)
    assert back.metrics[-1] == Change("wer", 2.5, 3.0)


def test_what_is_data_or_no_json_is_compared_as_a_file_only(store):
    files = {**FILES, "listener/no.json": b"{", "listener/long.json": b" " * MAX_CONFIG + b"{}"}
    bundle_id = publish(store, files)
    found = read_configs(store.path(bundle_id), store.get(bundle_id))
    assert found == {"listener/tokens.json": {}}
