"""``talkover learn`` as people and machines run it: a process that can be stopped and asked."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from talkover.core.bundles.announcement import FIELD, STREAM, Announcement
from talkover.core.cli import build
from talkover.core.errors import TraceError
from talkover.core.learning.items import Items
from talkover.core.learning.ledger import learning_folder
from talkover.core.learning.runs import Runs
from talkover.core.settings import Settings
from talkover.core.weights.disk import locked
from talkover.trainer.learning.cycle import ENDS, Cycle
from talkover.trainer.learning.pruning import old_runs, prune, wordy_runs
from talkover.trainer.learning.steps_shipping import offer

from .calls import Calls, OwnRedis, sentence, turn

RUN = CliRunner(env={"TALKOVER_CONFIG": "/nonexistent"})


def learn(tmp_path: Path, *words: str):
    return RUN.invoke(build(), ["learn", "--data-dir", str(tmp_path), *words])


def test_before_anything_was_learnt_the_status_says_how_to_begin(tmp_path: Path) -> None:
    assert "talkover learn" in learn(tmp_path, "--status").output
    assert json.loads(learn(tmp_path, "--json").output) == {}
    assert not list(tmp_path.iterdir()), "to ask makes nothing"


def test_without_a_redis_it_says_so(tmp_path: Path) -> None:
    error = learn(tmp_path, "--once").exception
    assert isinstance(error, TraceError)
    assert "talkover serve" in str(error)


def test_one_process_learns_in_a_folder(tmp_path: Path, own_redis: OwnRedis) -> None:
    with locked(learning_folder(tmp_path)):
        error = learn(tmp_path, "--once", "--redis", own_redis.url).exception
    assert isinstance(error, TraceError)
    assert "another `talkover learn`" in str(error)


@pytest.mark.slow
def test_a_process_that_is_stopped_has_kept_all_that_it_took(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    calls = Calls(own_redis.url, tmp_path / "traces" / "blobs")
    for number in range(5):
        calls.write(turn(number, correction=sentence(number)), seconds=3)
    where = ["--data-dir", str(tmp_path), "--redis", own_redis.url]
    with subprocess.Popen(
        [sys.executable, "-m", "talkover.core.cli", "learn", *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        end = time.monotonic() + 120
        while not _counts(tmp_path).get("ready"):
            assert time.monotonic() < end
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 130
    told = json.loads(learn(tmp_path, "--json").output)
    # Of the last turn of a call it is not known yet what comes next.
    assert sum(told["items"][name] for name in ("waiting", "ready")) == 5
    assert told["items"]["ready"] >= 1
    assert told["stream"]["pending"] == told["stream"]["waiting"] == 0
    assert told["under_way"] is None
    calls.client.close()


def _counts(tmp_path: Path) -> dict[str, int]:
    folder = learning_folder(tmp_path)
    if not (folder / "learning.sqlite").is_file():
        return {}
    try:
        with Items(folder) as items:
            return items.counts()
    except TraceError:  # it is being made
        return {}


def test_a_run_can_be_given_up(tmp_path: Path) -> None:
    assert "no run is under way" in learn(tmp_path, "--drop").output
    with Items(learning_folder(tmp_path)) as items:
        Runs(items.ledger).begin("r")
        assert "run r is given up" in learn(tmp_path, "--drop").output
        assert Runs(items.ledger).under_way() is None


def test_servers_are_offered_a_bundle(tmp_path: Path, own_redis: OwnRedis, calls: Calls) -> None:
    bundle = "d" * 64
    with Items(tmp_path / "items") as items:
        told = offer(
            Cycle(
                name="r",
                folder=tmp_path,
                settings=Settings(data_dir=tmp_path),
                items=items,
                console=Console(),
                told={"export": {"bundle": bundle}},
                redis_url=own_redis.url,
            )
        )
    assert told[ENDS] == "offered dddddddddddd"
    ((_, fields),) = calls.client.xrange(STREAM)
    said = Announcement.parse(fields[FIELD.encode()])
    assert (said.kind, said.bundle, said.by) == ("offer", bundle, "learn")


# What runs leave behind

RUNS = [{"name": f"r{n}", "begun": 100.0 - n, "ended": 1.0 if n else None} for n in range(9)]


def test_old_runs_go_and_what_is_served_stays() -> None:
    assert old_runs(RUNS, keep=5, spare="r7") == ["r6", "r8"]
    assert old_runs(RUNS, keep=9, spare="") == []
    assert wordy_runs(RUNS, before=93.5) == ["r7", "r8"]


@pytest.mark.parametrize("spare", ["r8", ""])
def test_words_past_retention_go_with_all_runs(tmp_path: Path, spare: str) -> None:
    for run in RUNS:
        (tmp_path / run["name"] / "mined").mkdir(parents=True)
        (tmp_path / f"{run['name']}.items").mkdir()
    prune(tmp_path, RUNS, before=92.5, spare=spare)
    left = {path.name for path in tmp_path.iterdir()}
    whole = {f"r{n}" for n in range(6)}
    assert left == whole | {f"{name}.items" for name in whole} | ({spare} if spare else set())
    if spare:
        assert not list((tmp_path / spare).iterdir()), "its weights stay, its words do not"
