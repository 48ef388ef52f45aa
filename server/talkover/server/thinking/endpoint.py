"""A brain behind an OpenAI-compatible streaming endpoint: vLLM, llama.cpp, Ollama and others.

Where its model has eyes, it is shown pictures; where it has none, it is told what is written in
them.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

import httpx

from talkover.core.brain import Message
from talkover.core.errors import ConfigError, EndpointError
from talkover.server.thinking.content import content
from talkover.server.thinking.scene import Scene, Senses
from talkover.server.thinking.sse import EventStream
from talkover.server.thinking.telling import PICTURES, tell

PATIENCE: Final = 30.0
"""Seconds that the endpoint may take for its next word."""

MAX_TEXT: Final = 16_000
"""Characters of one answer at most."""

_CONNECT: Final = 5.0
_BUDGET: Final = 12_000
_DONE: Final = "[DONE]"
_CURES: Final = {
    400: "it does not accept the request; check brain.model, and set brain.pictures to 0 if that "
    "model reads only text",
    401: "the key is missing or wrong; set brain.api_key (TALKOVER_BRAIN__API_KEY)",
    403: "the key may not do this; check brain.api_key and brain.model",
    404: "no such path or model; brain.url must end where /chat/completions begins (often /v1), "
    "and brain.model must be a model it serves",
    413: "the chat is too long for it; keep less history",
    429: "it is asked too often; wait, or raise its limits",
}


class _Delta(NamedTuple):
    text: str
    finished: bool


class EndpointBrain:
    """Asks ``{url}/chat/completions``.

    The key is sent as a bearer token and appears nowhere else. Redirects are not followed, so it
    is never sent to another place.

    Args:
        url: Up to and including ``/v1``.
        model: To ask for.
        api_key: None if it needs none.
        patience: Seconds to wait for the next word.
        pictures: Shown to it a turn, at most; 0 for a model that reads only text.

    Raises:
        ConfigError: the URL is not one of http or https, or the key is no bearer token.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str | None = None,
        patience: float = PATIENCE,
        pictures: int = 0,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ConfigError("brain.url must begin with http:// or https://")
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise ConfigError("brain.api_key must be printable ASCII on one line")
        self._url = url.rstrip("/") + "/chat/completions"
        self._model = model
        self._patience = patience
        self._pictures = pictures
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        self._client = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(patience, connect=_CONNECT)
        )

    @property
    def budget(self) -> int:
        """A few thousand tokens: more than a call's history ever holds."""
        return _BUDGET

    @property
    def senses(self) -> Senses:
        """See ``VoiceVLM``."""
        return Senses(pictures=self._pictures or PICTURES)

    async def reply(
        self,
        conversation: str,
        messages: Sequence[Message],
        scene: Scene | None = None,
        *,
        max_tokens: int,
        temperature: float,
        seed: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """See ``VoiceVLM``. Closing it closes the connection.

        Raises:
            EndpointError: the endpoint cannot be reached, refuses, stalls or answers nonsense.
        """
        del conversation  # an endpoint finds shared prefixes by itself
        body: dict[str, Any] = {
            "model": self._model,
            "messages": await asyncio.to_thread(self._content, messages, scene),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
        }
        if seed is not None:
            body["seed"] = seed
        left = MAX_TEXT
        async with (
            self._ask(body) as response,
            contextlib.aclosing(self._deltas(response)) as deltas,
        ):
            async for delta in deltas:
                left -= len(delta)
                if left < 0:
                    raise EndpointError(
                        f"the endpoint answered over {MAX_TEXT} characters: it ignores max_tokens"
                    )
                yield delta

    async def warm(
        self, conversation: str, messages: Sequence[Message], scene: Scene | None = None
    ) -> None:
        """See ``VoiceVLM``. Nothing to do: a request more would cost its owner money."""

    async def forget(self, conversation: str) -> None:
        """See ``VoiceVLM``. Nothing is kept here."""

    async def close(self) -> None:
        """See ``VoiceVLM``."""
        await self._client.aclose()

    def _content(self, messages: Sequence[Message], scene: Scene | None) -> list[Any]:
        if self._pictures == 0:
            messages = tell(messages, scene)
        return content(messages, scene, self._pictures)

    @contextlib.asynccontextmanager
    async def _ask(self, body: dict[str, Any]) -> AsyncIterator[httpx.Response]:
        silent = f"the endpoint was silent for {self._patience:g} s; is it up, and fast enough?"
        request = self._client.build_request("POST", self._url, json=body)
        try:
            async with asyncio.timeout(self._patience):
                response = await self._client.send(request, stream=True)
            try:
                _check(response)
                yield response
            finally:
                await response.aclose()
        except (TimeoutError, httpx.TimeoutException):
            raise EndpointError(silent) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EndpointError(
                f"the endpoint cannot be reached ({type(error).__name__}); "
                "check brain.url and that it is running"
            ) from None

    async def _deltas(self, response: httpx.Response) -> AsyncGenerator[str, None]:
        events = EventStream()
        # Raw: a compressed answer was not asked for, and could unpack to any size.
        chunks = response.aiter_raw()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        finished = False
        while not finished:
            chunk = await self._next(chunks, deadline)
            if chunk is None:
                raise EndpointError("the endpoint broke off in mid-answer; see its log")
            for event in events.feed(chunk):
                if event.strip() == _DONE:
                    return
                text, over = _parse(event)
                finished = finished or over
                if text:
                    yield text
                    deadline = loop.time() + self._patience

    async def _next(self, chunks: AsyncIterator[bytes], deadline: float) -> bytes | None:
        # A deadline for the next word, not for the next byte: comments keep a connection alive.
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(chunks, None)
        except TimeoutError:
            raise EndpointError(
                f"the endpoint said nothing for {self._patience:g} s; is it overloaded?"
            ) from None


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status != httpx.codes.OK:
        cure = _CURES.get(status)
        if cure is None and status >= 500:
            cure = "it failed; see its log"
        raise EndpointError(f"the endpoint answered {status}: {cure or 'check brain.url'}")
    kind = response.headers.get("content-type", "")
    if not kind.startswith("text/event-stream"):
        raise EndpointError("the endpoint does not stream events; is brain.url right?")


def _parse(event: str) -> _Delta:
    """The text of one chunk of a chat completion, and whether it is the last."""
    nonsense = EndpointError("the endpoint sent no chat completion chunk; is brain.url right?")
    try:
        chunk = json.loads(event)
    except (ValueError, RecursionError):
        raise nonsense from None
    if not isinstance(chunk, dict):
        raise nonsense
    if chunk.get("error"):
        raise EndpointError("the endpoint failed in mid-answer; see its log")
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        raise nonsense
    if not choices:  # a chunk that holds nothing but usage
        return _Delta("", finished=False)
    choice = choices[0]
    delta = choice.get("delta") if isinstance(choice, dict) else None
    if not isinstance(delta, dict):
        raise nonsense
    text = delta.get("content") or ""
    if not isinstance(text, str):
        raise nonsense
    return _Delta(text, finished=choice.get("finish_reason") is not None)
