"""The worker and Redis are killed at random moments; each turn is counted exactly once.

``TALKOVER_KILLS`` sets how often each; 30 and more take minutes.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import redis

from talkover.core.learning.items import Items, State
from talkover.core.learning.runs import Runs
from talkover.core.records import Consent
from talkover.core.traces.streams import LEARNERS, REFUSED, TURNS

from .calls import Calls, OwnRedis, turn

ROOT = Path(__file__).resolve().parents[3]
KILLS = int(os.environ.get("TALKOVER_KILLS", "2"))
TURNS_A_KILL = 40

WORKER = """
import sys, threading, uuid
from pathlib import Path
from talkover.core.learning.items import Items
from talkover.core.learning.runs import Runs
from talkover.core.traces.blobs import FolderStore
from talkover.core.traces.connecting import connect
from talkover.trainer.learning.consumer import Consumer
from talkover.trainer.learning.filters import Limits
from talkover.trainer.learning.inbox import Inbox
from talkover.trainer.learning.taking import Taker
from talkover.trainer.mining.withheld import Withheld

folder, url = Path(sys.argv[1]), sys.argv[2]

def runs(stop):
    # What a run begins with is of that run alone.
    with Items(folder / "learning") as items:
        found = Runs(items.ledger)
        while not stop.wait(0.01):
            if items.counts()["fresh"] >= 10 and found.under_way() is None:
                found.begin(uuid.uuid4().hex)
            elif (name := found.under_way()) is not None:
                found.end(name, "done")
            for one in items.select("waiting"):
                items.label(one, "{}")

stop = threading.Event()
threading.Thread(target=runs, args=(stop,), daemon=True).start()
with Items(folder / "learning") as items:
    client = connect(url)
    taker = Taker(items, FolderStore(folder / "blobs"), Limits(), Withheld())
    consumer = Consumer(
        Inbox(client, "worker", idle=1.0), taker, tries=5, folder=folder / "learning"
    )
    print("ready", flush=True)
    consumer.run(stop)
"""


def started(folder: Path, url: str) -> "subprocess.Popen[str]":
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    with worker.stdout:
        assert worker.stdout.readline() == "ready\n"
    return worker


def left(client: redis.Redis) -> int:
    (group,) = [one for one in client.xinfo_groups(TURNS) if one["name"] == LEARNERS.encode()]
    return int(group["pending"]) + int(group["lag"] or 0)


@pytest.mark.slow
def test_every_turn_is_counted_exactly_once_whatever_is_killed_when(
    own_redis: OwnRedis, calls: Calls, tmp_path: Path
) -> None:
    dice = random.Random(7)
    wanted: set[tuple[str, int]] = set()
    refused: set[tuple[str, int]] = set()
    for kill in range(KILLS):
        worker = started(tmp_path, own_redis.url)
        for number in range(TURNS_A_KILL):
            yes = dice.random() < 0.9
            record = turn(number, session=f"call-{kill}")
            if not yes:
                record = record.model_copy(update={"consent": Consent()})
            for _ in range(1 + (dice.random() < 0.2)):  # a server that is not sure writes again
                calls.write(record, seconds=0.4, seed=1_000 * kill + number)
            (wanted if yes else refused).add((record.session, record.turn))
            if dice.random() < 0.1:
                time.sleep(0.005)
        time.sleep(dice.random() * 0.15)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
        worker = started(tmp_path, own_redis.url)
        time.sleep(dice.random() * 0.05)
        own_redis.kill()
        own_redis.start()
        time.sleep(dice.random() * 0.05)
        worker.kill()
        worker.wait(10)
    worker = started(tmp_path, own_redis.url)
    end = time.monotonic() + 60
    with Items(tmp_path / "learning") as items:
        while left(calls.client) or items.counts()["waiting"]:
            assert time.monotonic() < end, (left(calls.client), items.counts())
            time.sleep(0.05)
        worker.kill()
        worker.wait(10)
        ready = [(one.session, one.turn) for one in items.select(State.READY)]
        assert Counter(ready) == Counter(wanted)
        assert {(one.session, one.turn) for one in items.select(State.REFUSED)} == refused
        assert calls.client.xlen(REFUSED) == 0, "nothing was given up for having been in hand"
        for one in items.select(State.READY):
            assert items.sounds.get(one.audio)
        of_runs = sum(run["items"] for run in Runs(items.ledger).list())
        assert of_runs + items.counts()["fresh"] == len(wanted)
        assert of_runs > 0
