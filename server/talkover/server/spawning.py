"""How the parts of a session start tasks: the session owns them, and ends them with itself."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]
"""Starts a task with a name for logs."""
