import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from talkover.core.bundles.announcement import FIELD, MAX_BYTES, Announcement, newest_settled
from talkover.core.errors import BundleError

ID = "ab" * 32


def entry(kind, **about):
    return {FIELD.encode(): Announcement(kind=kind, bundle=ID, **about).to_json().encode()}


def test_an_announcement_is_the_same_when_it_arrives():
    sent = Announcement(kind="canary", bundle=ID, share=0.1, reason="try it", by="gate")
    assert Announcement.parse(sent.to_json()) == sent
    assert sent.at.tzinfo is not None
    assert json.loads(sent.to_json())["at"].endswith("Z")
    assert abs((datetime.now(UTC) - sent.at).total_seconds()) < 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "delete"},
        {"bundle": "ab"},
        {"bundle": "../" * 21 + "x"},
        {"share": 1.1},
        {"share": -0.1},
        {"share": float("nan")},
        {"reason": "x" * 501},
        {"at": "2030-01-01T00:00:00"},
        {"run": "me"},
    ],
)
def test_what_is_no_announcement_is_refused(wrong):
    content = {"kind": "offer", "bundle": ID, **wrong}
    with pytest.raises(ValidationError):
        Announcement.model_validate(content)
    with pytest.raises(BundleError, match="cannot be read and is ignored"):
        Announcement.parse(json.dumps(content))


def test_one_that_is_too_long_is_not_read():
    with pytest.raises(BundleError, match="more than"):
        Announcement.parse(b" " * (MAX_BYTES + 1))


def test_one_that_starts_takes_the_newest_that_settles_something():
    newest_first = [
        entry("canary", reason="newest"),
        {b"record": b"of another version"},
        {b"other": b""},
        entry("rollback", reason="this"),
        entry("promote", reason="older"),
    ]
    found = newest_settled(newest_first)
    assert found is not None
    assert found.reason == "this"
    assert newest_settled(newest_first[:3]) is None
    assert newest_settled([]) is None
