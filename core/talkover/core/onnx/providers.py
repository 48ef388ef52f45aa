"""What ONNX Runtime computes on: from the settings' words to its names, and no silent fall-back."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import onnxruntime

from talkover.core.errors import ConfigError
from talkover.core.settings import Provider

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
TENSORRT: Final = "TensorrtExecutionProvider"

_NAMES: Final = {"tensorrt": TENSORRT, "cuda": CUDA, "cpu": CPU}
_CURE: Final = (
    "run: pip uninstall --yes onnxruntime && pip install 'talkover[gpu]' (both bring the module "
    "onnxruntime, so the first must go before the second comes), or set "
    'models.providers = ["cpu"]'
)


def available() -> tuple[str, ...]:
    """The providers that the installed ONNX Runtime was built with.

    Whether their device and libraries are there shows when a session is made: see
    ``check_providers``.
    """
    return tuple(onnxruntime.get_available_providers())


def choose_providers(wanted: Sequence[Provider], available: Collection[str]) -> tuple[str, ...]:
    """ONNX Runtime's names for what the settings ask for, the CPU always last.

    Args:
        wanted: ``models.providers``, best first. "auto" is CUDA where it is available, else the
            CPU. It is never TensorRT, which compiles its engines for minutes before the first
            call: ask for that by name.
        available: What ONNX Runtime was built with.

    Raises:
        ConfigError: what was asked for by name is not available, or could never be used.
    """
    chosen: list[str] = []
    for place, word in enumerate(wanted):
        if word == "auto":
            names = [CUDA] if CUDA in available else []
        elif word == "cpu":
            if place + 1 < len(wanted):
                raise ConfigError("models.providers: the CPU can do all, so cpu must come last")
            names = []
        else:
            names = [_NAMES[word]]
            if names[0] not in available:
                raise ConfigError(
                    f"models.providers asks for {word}, and the ONNX Runtime here comes without; "
                    f"{_CURE}"
                )
        chosen += [name for name in names if name not in chosen]
    return (*chosen, CPU)


def check_providers(path: Path, wanted: Sequence[str], got: Sequence[str]) -> None:
    """Refuse a session that does not have what it was made for.

    ONNX Runtime goes on without a provider whose device or libraries are missing, many times
    slower, and says so nowhere but in its own log.

    Args:
        path: Of the graph.
        wanted: Names that the session was asked to use.
        got: Names that it uses.

    Raises:
        ConfigError: one is missing.
    """
    missing = [name for name in wanted if name not in got]
    if missing:
        raise ConfigError(
            f"{path} was to run on {' and '.join(missing)}, and ONNX Runtime fell back to "
            f"{', '.join(got)}: no device, or no libraries (CUDA, cuDNN, TensorRT) of the versions "
            'that onnxruntime-gpu wants; install them, or set models.providers = ["cpu"]'
        )
