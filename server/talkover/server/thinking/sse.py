"""Server-sent events, as far as chat completions use them: pure, and bounded."""

from typing import Final

from talkover.core.errors import EndpointError

MAX_LINE: Final = 64 << 10
MAX_TOTAL: Final = 4 << 20


class EventStream:
    """Takes bytes, gives the data of the events that they complete.

    Comments and fields other than ``data`` are passed over (WHATWG HTML, section 9.2).

    Args:
        max_line: Bytes of one line at most.
        max_total: Bytes of the whole stream at most.
    """

    def __init__(self, *, max_line: int = MAX_LINE, max_total: int = MAX_TOTAL) -> None:
        self._max_line = max_line
        self._left = max_total
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[str]:
        """Take a chunk of any size.

        Raises:
            EndpointError: the stream is too long, or not UTF-8.
        """
        self._left -= len(chunk)
        if self._left < 0:
            raise EndpointError("the endpoint sent too much for one answer; lower max_tokens")
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if max(map(len, (*lines, self._rest))) > self._max_line:
            raise EndpointError(
                f"the endpoint sent a line of over {self._max_line} bytes; is its URL right?"
            )
        events: list[str] = []
        for line in lines:
            self._take(line.removesuffix(b"\r"), events)
        return events

    def _take(self, line: bytes, events: list[str]) -> None:
        if not line:
            if self._data:
                events.append(_decode(b"\n".join(self._data)))
                self._data.clear()
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise EndpointError("the endpoint sent no UTF-8; is its URL right?") from None
