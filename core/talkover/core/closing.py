"""What is open until somebody closes it, or until a ``with`` block ends."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Has something open; the end of a ``with`` block closes it."""

    @abstractmethod
    def close(self) -> None:
        """Nothing is open after it; safe to call again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
