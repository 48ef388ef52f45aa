import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import EndpointError
from talkover.server.thinking.sse import EventStream

TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30)


@given(st.lists(TEXT.filter(bool), max_size=8), st.integers(1, 20), st.sampled_from(["\n", "\r\n"]))
def test_events_come_out_however_they_are_cut(events, size, newline):
    lines = [f": comment{newline}event: x{newline}data: {e}{newline}{newline}" for e in events]
    wire = "".join(lines).encode()
    stream = EventStream()
    found = [e for i in range(0, len(wire), size) for e in stream.feed(wire[i : i + size])]
    assert found == events


@given(st.binary(max_size=300), st.integers(1, 40))
def test_garbage_is_harmless(wire, size):
    stream = EventStream()
    with contextlib.suppress(EndpointError):  # not UTF-8
        for i in range(0, len(wire), size):
            assert all(isinstance(event, str) for event in stream.feed(wire[i : i + size]))


def test_data_of_several_lines_is_joined():
    assert EventStream().feed(b"data: a\ndata:b\nid: 1\n\n\n") == ["a\nb"]


def test_a_line_has_a_limit():
    stream = EventStream(max_line=100)
    stream.feed(b"x" * 100)
    with pytest.raises(EndpointError, match="line"):
        stream.feed(b"x")


def test_a_stream_has_a_limit():
    stream = EventStream(max_total=100)
    for _ in range(10):
        stream.feed(b": seven.\n"[:10])
    with pytest.raises(EndpointError, match="too much"):
        stream.feed(b": and eleven more\n")
