import cv2
import numpy as np
import pytest

from talkover.core.seer.lines import GROWTH, MAX_LINES, Line, find_lines, reading_order, sides


def marked(*boxes, size=(200, 300), likelihood=0.9):
    """A detector's answer that marks upright boxes of left, top, right, bottom."""
    answer = np.zeros(size, np.float32)
    for left, top, right, bottom in boxes:
        answer[top:bottom, left:right] = likelihood
    return answer


def test_nothing_marked_is_no_line():
    assert find_lines(np.zeros((64, 64), np.float32)) == []


def test_a_line_is_found_and_grows_by_its_area_over_its_perimeter():
    (line,) = find_lines(marked((40, 60, 140, 80)))
    grown = GROWTH * 100 * 20 / (2 * (100 + 20))
    assert sides(line.corners) == pytest.approx((100 + 2 * grown, 20 + 2 * grown), abs=3)
    assert line.corners[0] == pytest.approx([40 - grown, 60 - grown], abs=3)
    assert line.likelihood == pytest.approx(0.9, abs=0.1)
    assert not line.tall


@pytest.mark.parametrize("angle", [-25, 12, 30])
def test_a_turned_line_is_found_as_it_lies(angle):
    answer = np.zeros((300, 300), np.float32)
    corners = cv2.boxPoints(((150, 150), (160, 24), angle))
    cv2.fillPoly(answer, [np.rint(corners).astype(np.int32)], 0.9)
    (line,) = find_lines(answer)
    along = line.corners[1] - line.corners[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(angle, abs=3)
    width, height = sides(line.corners)
    assert width > 3 * height


def test_specks_and_doubtful_islands_are_no_lines():
    assert find_lines(marked((10, 10, 12, 12))) == []
    assert find_lines(marked((40, 60, 140, 80), likelihood=0.4)) == []


def test_a_line_at_the_edge_is_found():
    (line,) = find_lines(marked((0, 0, 80, 16)))
    assert line.likelihood > 0.5


def test_lines_are_read_by_rows_then_from_the_left():
    boxes = {"c": (10, 100, 90, 116), "b": (150, 24, 250, 44), "a": (10, 20, 100, 40)}
    found = find_lines(marked(*boxes.values()))
    lefts = [round(float(line.corners[0, 0]), -1) for line in found]
    tops = [round(float(line.corners[0, 1]), -1) for line in found]
    assert tops[0] < tops[2]
    assert lefts[0] < lefts[1]
    assert [line is other for line, other in zip(reading_order(found[::-1]), found, strict=True)]


def test_what_stands_tall_may_run_downwards():
    (line,) = find_lines(marked((50, 20, 70, 150)))
    assert line.tall
    assert isinstance(line, Line)


def test_there_are_never_more_lines_than_can_be_read():
    boxes = [(x, y, x + 16, y + 6) for y in range(4, 190, 16) for x in range(4, 280, 30)]
    assert len(boxes) > MAX_LINES
    assert len(find_lines(marked(*boxes))) == MAX_LINES
