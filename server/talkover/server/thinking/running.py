"""A reply in the making, a step a job, so that sessions take turns on a model."""

from collections.abc import Callable
from typing import Protocol


class Steps(Protocol):
    """What makes a reply, on one thread."""

    @property
    def done(self) -> bool:
        """There is nothing more to come."""
        ...

    def step(self) -> str:
        """Go on a little; the characters that are now complete, possibly none.

        Raises:
            ModelError: the model refused its input.
        """
        ...

    def close(self) -> None:
        """Say no more. Safe from any thread."""
        ...


class Run:
    """A generation that begins on the worker, and can be closed before, while or after it does.

    Args:
        begin: Makes it, on the worker; None if there is nothing to do.
    """

    def __init__(self, begin: Callable[[], Steps | None]) -> None:
        self._begin = begin
        self._generation: Steps | None = None
        self._begun = False
        self._closed = False

    @property
    def done(self) -> bool:
        """There is nothing more to come."""
        if not self._begun:
            return self._closed
        return self._generation is None or self._generation.done

    def step(self) -> str:
        """On the worker."""
        if self._closed:
            return ""
        if not self._begun:
            self._generation = self._begin()
            self._begun = True
            # Closed meanwhile: either this line sees it, or ``close`` sees the generation.
            if self._closed:
                self.close()
        return "" if self._generation is None else self._generation.step()

    def close(self) -> None:
        """From any thread."""
        self._closed = True
        if self._generation is not None:
            self._generation.close()
