"""Sets drawn to a target."""

import json
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from talkover.core.errors import DataError
from talkover.trainer.data.cli import app
from talkover.trainer.data.curating.balancing import balance, read_target
from talkover.trainer.data.curating.drawing import Pool, draw, shares
from talkover.trainer.data.curating.samples import Facet

from .made_manifest import line, written

NO_CAP = float("inf")


@st.composite
def pools(draw_from):
    count = draw_from(st.integers(1, 40))
    cells = draw_from(st.lists(st.integers(-1, 3), min_size=count, max_size=count))
    seconds = draw_from(st.lists(st.floats(0.5, 20), min_size=count, max_size=count))
    who = draw_from(st.lists(st.integers(-1, 4), min_size=count, max_size=count))
    return Pool(np.array(cells, np.int32), np.array(seconds), np.array(who, np.int32))


@given(pools(), st.floats(0, 80), st.floats(1, 60), st.integers(0, 3), st.integers(0, 9))
def test_no_bound_is_broken(pool, quota, speaker, repeats, seed):
    drawn = draw(pool, np.full(4, quota), speaker=speaker, repeats=repeats, seed=seed)
    assert max(Counter(drawn.picks.tolist()).values(), default=0) <= repeats + 1
    assert (pool.cells[drawn.picks] >= 0).all()
    said = defaultdict(float)
    for pick in drawn.picks.tolist():
        said[int(pool.speakers[pick])] += pool.seconds[pick]
    said.pop(-1, None)
    assert all(seconds <= speaker + 1e-6 for seconds in said.values())
    longest = pool.seconds.max()
    for cell in range(4):
        inside = pool.cells[drawn.picks] == cell
        assert pool.seconds[drawn.picks][inside].sum() == pytest.approx(drawn.seconds[cell])
        assert drawn.seconds[cell] <= quota + longest
        assert pool.seconds[drawn.picks][inside & (drawn.copies > 0)].sum() == pytest.approx(
            drawn.repeated[cell]
        )


@given(pools(), st.integers(0, 9))
def test_nothing_comes_again_before_all_of_its_cell_was_there(pool, seed):
    drawn = draw(pool, np.full(4, 60.0), speaker=NO_CAP, repeats=3, seed=seed)
    for cell in range(4):
        times = Counter(drawn.picks[pool.cells[drawn.picks] == cell].tolist())
        everybody = [times[place] for place in np.flatnonzero(pool.cells == cell).tolist()]
        assert max(everybody, default=0) - min(everybody, default=0) <= 1


def test_the_seed_decides():
    pool = Pool(np.zeros(50, np.int32), np.full(50, 2.0), np.full(50, -1, np.int32))

    def picks(seed):
        return draw(pool, np.array([40.0]), speaker=NO_CAP, repeats=0, seed=seed).picks.tolist()

    assert picks(1) == picks(1) != picks(2)
    assert len(set(picks(1))) == 20


def test_shares_are_products():
    found = shares([["a", "b"], ["x", "y"]], [{"a": 3, "b": 1}, {}])
    assert found[("a", "x")] == pytest.approx(0.375)
    assert sum(found.values()) == pytest.approx(1)
    assert shares([["a", "b", "c"]], [{"a": 2, "others": 1}])[("c",)] == pytest.approx(0.25)
    assert shares([["a", "b"]], [{"a": 1}]) == {("a",): 1.0}
    assert shares([["a"]], [{"a": 1, "gone": 1}]) == {("a",): 0.5, ("gone",): 0.5}
    with pytest.raises(DataError, match="weight"):
        shares([["a"]], [{"a": -1}])


ACCENTS = ["scottish"] * 60 + ["welsh"] * 30 + ["irish"] * 5


@pytest.fixture
def manifest(tmp_path):
    lines = [line(n, accent=accent, text=f"Nr {n}: ä") for n, accent in enumerate(ACCENTS)]
    return written(tmp_path / "set/manifest.jsonl", lines)


def test_an_even_set_repeats_what_there_is_too_little_of(manifest, tmp_path):
    out = tmp_path / "drawn.jsonl"
    rows = balance(manifest, out, [Facet.ACCENT], [{}], seconds=120, repeats=2)
    found = {row.cell[0]: (row.there, row.drawn, row.repeated, row.missing) for row in rows}
    assert found == {
        "scottish": (120, 40, 0, 0),
        "welsh": (60, 40, 0, 0),
        "irish": (10, 30, 20, 10),
    }
    lines = [json.loads(one) for one in out.read_text("utf-8").splitlines()]
    assert len({one["id"] for one in lines}) == len(lines) == 55
    assert {one["id"].partition("~")[2] for one in lines} == {"", "1", "2"}
    assert all(one["audio_filepath"].startswith("set/audio/") for one in lines)
    assert lines[0]["text"].endswith("ä")


def test_nobody_says_more_than_they_may(manifest, tmp_path):
    out = tmp_path / "drawn.jsonl"
    balance(manifest, out, [Facet.ACCENT], [{}], seconds=60, speaker=0.1, repeats=0)
    said = Counter()
    for one in map(json.loads, out.read_text("utf-8").splitlines()):
        said[one["speaker"]] += one["duration"]
    assert max(said.values()) <= 6


def test_targets_are_files_or_even(tmp_path):
    target = tmp_path / "t.toml"
    target.write_text('[accent]\nscottish = 2\nothers = 1\n[snr]\n"0 to 5 dB" = 1\n')
    by = [Facet.ACCENT, Facet.SNR]
    assert read_target(str(target), by) == [{"scottish": 2, "others": 1}, {"0 to 5 dB": 1}]
    assert read_target("even", by) == [{}, {}]
    with pytest.raises(DataError, match="which --by does not"):
        read_target(str(target), [Facet.ACCENT])
    target.write_text("[accent]\nscottish = 'much'")
    with pytest.raises(DataError, match="is no target"):
        read_target(str(target), by)
    with pytest.raises(DataError, match="is no target"):
        read_target("odd", by)


def test_the_command_tells_what_could_not_be_reached(manifest, tmp_path):
    out = str(tmp_path / "drawn.jsonl")
    arguments = ["balance", str(manifest), "--by", "accent", "--out", out, "--hours"]
    enough = CliRunner().invoke(app, [*arguments, "0.01", "--repeats", "5"])
    assert enough.exit_code == 0, enough.output
    short = CliRunner().invoke(app, [*arguments, "1"])
    assert short.exit_code == 3, short.output
    assert "could not be reached" in short.output
    other = CliRunner().invoke(app, [*arguments, "1", "--split", "test"])
    assert isinstance(other.exception, DataError)
    wrong = CliRunner().invoke(app, [*arguments, "1", "--by", "mood"])
    assert wrong.exit_code == 2
