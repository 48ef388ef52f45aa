"""Pictures have something for each figure, within their width."""

import re

import numpy as np
import pytest

from talkover.trainer.evaluation.pictures import WIDTH, Bar, bars, forest, heat_map

ROWS = {
    "rp": {"stock": Bar(20.0, (15.0, 25.0), "20 %"), "sft": Bar(10.0, None, "10 %")},
    "<tag>": {"stock": Bar(80.0, (70.0, 95.0), "80 %")},
}


def numbers(picture, name):
    return [float(one) for one in re.findall(rf' {name}="(-?[\d.]+)"', picture)]


def test_a_bar_is_as_long_as_its_figure():
    picture = bars(ROWS, "of what")
    key = 2
    found = numbers(picture, "width")[1 : -key or None]
    assert picture.count("<rect") == 3 + key
    assert found[0] / found[2] == pytest.approx(20 / 80, abs=0.01)
    assert found[1] / found[2] == pytest.approx(10 / 80, abs=0.01)
    assert max(x + wide for x, wide in zip(numbers(picture, "x")[1:4], found, strict=False)) < WIDTH
    assert picture.count("whisker") == 2
    assert "&lt;tag&gt;, stock: 80 %" in picture
    assert "of what" in picture


def test_points_lie_on_both_sides_of_zero():
    rows = {
        "better": {"sft": Bar(40.0, (30.0, 50.0), "40 %")},
        "worse": {"sft": Bar(-10.0, (-20.0, 5.0), "-10 %")},
    }
    picture = forest(rows)
    zero = float(re.search(r'class="axis" d="M([\d.]+) ', picture)[1])
    better, worse = numbers(picture, "cx")
    assert worse < zero < better < WIDTH
    assert (better - zero) / (zero - worse) == pytest.approx(4, abs=0.05)


def test_a_reader_has_the_same_colour_in_every_picture():
    order = ["stock", "sft"]
    rows = {"a": {"sft": Bar(1.0, None, "1")}}
    for picture in (bars(ROWS, "", order), bars(rows, "", order), forest(rows, "", order)):
        assert re.search(r'class="s1"[^>]*/><text[^>]*>sft<', picture)


def test_what_is_far_off_is_shown_at_the_edge():
    rows = {"a": {"sft": Bar(-900.0, (-1500.0, 50.0), "far")}, "b": {"sft": Bar(50.0, None, "")}}
    far, near = numbers(forest(rows, least=-100.0), "cx")
    zero = float(re.search(r'class="axis" d="M([\d.]+) ', forest(rows, least=-100.0))[1])
    assert (zero - far) / (near - zero) == pytest.approx(2, abs=0.05)


def test_nothing_makes_an_empty_picture():
    assert "<svg" in bars({})
    assert "<svg" in forest({})


def test_a_map_has_a_cell_for_each_pair():
    heat = heat_map(["a", "b", "c"], ["d", "e"], np.array([[0, 1], [1, 0], [2, np.nan]]) / 100)
    assert heat.count("<rect") == 5
    assert "c and d: 0.0200" in heat
    assert max(numbers(heat, "fill-opacity")) == 1
