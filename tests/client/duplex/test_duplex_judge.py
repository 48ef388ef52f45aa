"""Judging recordings that are there, without a call."""

from dataclasses import replace

import pytest
from rich.console import Console

from talkover.client.bench.duplex import storage
from talkover.client.bench.duplex.run import Recorded, Run, _note, plan_run, record
from talkover.core.errors import ConfigError

from .made_calls import Made, recorded_digits


@pytest.fixture
def run(tmp_path):
    run = Run(out=tmp_path, scenarios=("noise",), split="dev", judge=True)
    try:
        plan_run(run)
    except ConfigError as error:
        pytest.skip(str(error))
    return run


def test_what_is_there_is_judged_and_nobody_is_called(prompts, run):
    (first, *_) = plan_run(run)
    storage.save(replace(Made(recorded_digits(prompts)).done(), name=first.name), run.out)
    _note(run.out, Recorded([], [], bundle_id="abc", replayed=(3, 4)))
    found = record(run, Console(quiet=True))
    assert [one.name for one in found.calls] == [first.name]
    assert (found.bundle_id, found.replayed, found.failed) == ("abc", (3, 4), [])


def test_more_calls_than_a_run_has_by_itself_are_judged_all_the_same(prompts, run):
    last = plan_run(replace(run, calls=30, judge=False))[-1]
    storage.save(replace(Made(recorded_digits(prompts)).done(), name=last.name), run.out)
    assert [one.name for one in record(run, Console(quiet=True)).calls] == [last.name]


def test_an_empty_folder_is_no_error(run):
    found = record(run, Console(quiet=True))
    assert (found.calls, found.bundle_id, found.replayed) == ([], "", None)
