"""One worker: ``python -m talkover.server.workers.child``, started by the supervisor.

It reads its orders as JSON from standard input, serves, and writes one line when it is ready.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import structlog
from pydantic import BaseModel, SecretStr

from talkover.core.settings import Settings
from talkover.server.app import Running, serve
from talkover.server.cli import set_up_logging
from talkover.server.workers.lines import SharedLines


class Orders(BaseModel):
    """What a worker is told.

    Attributes:
        worker: Which it is, from 0.
        socket: Where its HTTP side listens.
        lines: The file of the shared counter.
        token: What callers must bring.
        log_level: Of its logs.
        settings: All of them, secrets included: they come by a pipe, not by the environment.
    """

    worker: int
    socket: Path
    lines: Path
    token: str | None
    log_level: str
    settings: dict[str, Any]


def dump_settings(settings: Settings) -> dict[str, Any]:
    """Settings as JSON values, with their secrets."""

    def plain(value: Any) -> Any:
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        return str(value)

    text = json.dumps(settings.model_dump(), default=plain)
    result: dict[str, Any] = json.loads(text)
    return result


def main() -> None:
    """Serve until the supervisor says that it is over."""
    orders = Orders.model_validate_json(sys.stdin.readline())
    settings = Settings(**orders.settings)
    set_up_logging(orders.log_level)
    structlog.contextvars.bind_contextvars(worker=orders.worker)
    server = settings.server
    lines = SharedLines(orders.lines, server.workers, server.max_sessions, orders.worker)

    def announce(running: Running) -> None:
        print(json.dumps({"port": running.port, "bundle": running.bundle_id}), flush=True)  # noqa: T201 - the supervisor reads it

    asyncio.run(serve(settings, announce, lines=lines, socket=orders.socket, token=orders.token))


if __name__ == "__main__":
    main()
