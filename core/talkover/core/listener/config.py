"""``listener.json``: what must be known of a listener beside its graphs and its tokens."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import BundleError, ModelError

LONGEST: Final = 30 * RATE
"""The longest window that Whisper's positions reach, in samples."""

CONFIG_FILE: Final = "listener.json"
_MAX_BYTES = 1_000_000

_Samples = Annotated[int, Field(ge=2 * RATE, le=LONGEST, multiple_of=FRAME)]
_TokenId = Annotated[int, Field(ge=0, lt=1_000_000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WindowRule(_Frozen):
    """How much sound the model is shown.

    Stock Whisper was trained on 30 s; with less silence after the speech than this it invents
    words and loops. A bundle that was trained on shorter windows says so here.

    Attributes:
        minimum: The shortest window, in samples.
        margin: Silence that at least follows the speech, unless 30 s leave no room for it.
        sizes: Windows are one of these, so that requests can share a batch. Ascending.
    """

    minimum: _Samples = 10 * RATE
    margin: Annotated[int, Field(ge=0, le=LONGEST)] = 6 * RATE
    sizes: tuple[_Samples, ...] = (
        *(seconds * RATE for seconds in (10, 11, 12, 13, 14, 15, 17, 20, 25)),
        LONGEST,
    )

    @model_validator(mode="after")
    def _ordered(self) -> "WindowRule":
        if list(self.sizes) != sorted(set(self.sizes)) or self.sizes[-1:] != (LONGEST,):
            raise ValueError("sizes must ascend and end with 30 s")
        return self

    def window(self, count: int) -> int:
        """The window for ``count`` samples of speech, in samples.

        Raises:
            ModelError: it is longer than 30 s.
        """
        if count > LONGEST:
            raise ModelError(f"{count / RATE:.1f} s of speech at once; cut it to 30 s or less")
        wanted = min(max(self.minimum, count + self.margin), LONGEST)
        return next(size for size in self.sizes if size >= wanted)


class ListenerConfig(_Frozen):
    """The contents of ``listener.json``.

    Attributes:
        format: Of this file.
        window: How much sound the model is shown.
        languages: Codes that the model knows, in the order of their tokens.
        suppress: Tokens that never are speech.
        suppress_begin: Tokens that cannot begin a transcript.
        alignment_heads: (layer, head) of the ``alignment`` output, in the order of the graph.
        no_speech_threshold: Above this probability of no speech …
        log_prob_threshold: … and below this mean log-probability, the transcript is empty.
    """

    format: Literal[1] = 1
    window: WindowRule = WindowRule()
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    suppress: tuple[_TokenId, ...]
    suppress_begin: tuple[_TokenId, ...]
    alignment_heads: Annotated[tuple[tuple[int, int], ...], Field(min_length=1)]
    no_speech_threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
    log_prob_threshold: Annotated[float, Field(le=0)] = -1.0

    @classmethod
    def read(cls, folder: Path) -> "ListenerConfig":
        """Read ``listener.json`` in ``folder``.

        Raises:
            BundleError: it is missing or says something impossible.
        """
        path = folder / CONFIG_FILE
        try:
            with path.open("rb") as file:
                return cls.model_validate_json(file.read(_MAX_BYTES))
        except OSError:
            raise BundleError(f"{path} cannot be read; build the bundle again") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BundleError(f"{path}: {where}: {first['msg']}; build the bundle again") from None

    def write(self, folder: Path) -> None:
        """Write ``listener.json`` into ``folder``."""
        text = self.model_dump_json(indent=1)
        (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")
