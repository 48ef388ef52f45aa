"""Callers who say recordings and correct what was misheard, against a real server."""

import json
import subprocess
import sys

import httpx
import pytest
import redis

from talkover.client.bench.callers.rows import read_rows
from talkover.core.records import TurnRecord
from talkover.core.redis_url import default_url
from talkover.core.traces.streams import TURNS

pytestmark = [pytest.mark.e2e, pytest.mark.bundle]

PASSWORD = "Please enter your password followed by the pound key."
OTHER = "Please enter your passport followed by the pound key."


@pytest.fixture
def manifest(prompts, tmp_path):
    """The same recording of a person twice, once with a word that was not said."""
    path = next((p.path for p in prompts if p.text.strip() == PASSWORD), None)
    if path is None:
        pytest.skip("the recording is not there")
    told = {"audio_filepath": str(path), "locale": "en-US", "speaker": "reader", "accent": "us"}
    lines = [{**told, "id": text, "text": text} for text in (PASSWORD, OTHER)]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path / "manifest.jsonl"


def test_what_was_misheard_is_corrected_in_the_records(server, bundle, manifest, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "talkover.core.cli", "bench", "callers"),
            *("--manifest", str(manifest), "--out", str(tmp_path / "out"), "--url", server.url),
            *("--calls", "1", "--turns", "2", "--correct", "1"),
            *("--json", str(tmp_path / "report.json"), "--html", str(tmp_path / "report.html")),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row.name: row for row in read_rows([tmp_path / "out" / "turns.jsonl"])}
    assert {row.bundle for row in rows.values()} == {bundle.name}
    assert (rows[PASSWORD].errors, rows[PASSWORD].corrected) == (0, False)
    assert (rows[OTHER].errors, rows[OTHER].corrected) == (1, True)
    assert 0 < rows[OTHER].wait < 15

    client = redis.Redis.from_url(default_url(server.data_dir), socket_timeout=5, protocol=2)
    records = [TurnRecord.parse(fields[b"record"]) for _, fields in client.xrange(TURNS)]
    mine = [one for one in records if one.session == rows[OTHER].session]
    last = {one.turn: one for one in sorted(mine, key=lambda one: one.revision)}
    assert last[rows[OTHER].turn].correction == OTHER
    assert last[rows[PASSWORD].turn].correction is None
    assert "password" in last[rows[PASSWORD].turn].text
    assert all(one.consent.learn and "caller" in one.blobs for one in last.values())
    (counted,) = [
        one
        for one in httpx.get(server.http + "/learning", timeout=10).json()
        if one["locale"] == "en-US"
    ]
    assert (counted["bundle"], counted["turns"], counted["errors"]) == (bundle.name, 1, 1)
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["turns"]) == 2
