"""A graph as an ONNX Runtime session, on what was asked for and on nothing else."""

from collections.abc import Sequence
from pathlib import Path

import onnxruntime

from talkover.core.errors import BundleError
from talkover.core.onnx.providers import CPU, check_providers


def open_session(
    path: Path,
    *,
    threads: int,
    providers: Sequence[str],
    arena: bool = True,
    spinning: bool = False,
) -> onnxruntime.InferenceSession:
    """Load a graph.

    Args:
        path: Of the graph.
        threads: Within one operator.
        providers: Of ONNX Runtime, best first.
        arena: Keep the CPU memory that a run has needed for the next.
        spinning: Threads that wait for each other within a run do not sleep: a tenth faster, for
            what somebody waits for.

    Raises:
        BundleError: it cannot be loaded.
        ConfigError: it can, without a provider that was asked for.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = arena
    # A pool that spins between calls would take the cores from whoever computes then.
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        # Its own fall-back would print to standard output and go on with the CPU.
        session = onnxruntime.InferenceSession(
            str(path), options, providers=list(providers), enable_fallback=False
        )
    except Exception as error:  # noqa: BLE001 - its exceptions have no common class
        device = "" if providers[0] == CPU else f" on {providers[0]}"
        raise BundleError(f"{path} cannot be loaded{device}: {error}") from None
    check_providers(path, providers, session.get_providers())
    return session
