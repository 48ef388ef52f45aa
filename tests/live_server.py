"""A real server in a process of its own, for the tests that call it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from talkover.core.bundles import BundleStore
from talkover.core.weights.disk import link

START_SECONDS = 90


@dataclass(frozen=True)
class LiveServer:
    """A server process and how to reach it."""

    url: str
    http: str
    data_dir: Path
    token: str | None
    process: subprocess.Popen[bytes]
    log: Path


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(folder: Path, bundle: Path, *flags: str, **variables: str) -> LiveServer:
    """Start ``talkover serve`` with a data folder of its own around the real bundle."""
    data_dir = folder / "data"
    if not data_dir.exists():
        copy = data_dir / "bundles" / bundle.name
        shutil.copytree(bundle, copy, copy_function=link)
        BundleStore(data_dir).set_current(bundle.name)
    port, http_port = free_port(), free_port()
    log = folder / "server.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "talkover.core.cli", "serve"),
                *("--port", str(port), "--http-port", str(http_port)),
                *("--data-dir", str(data_dir), *flags),
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
        )
    server = LiveServer(
        f"127.0.0.1:{port}", f"http://127.0.0.1:{http_port}", data_dir, None, process, log
    )
    wait_until_serving(server)
    return server


def wait_until_serving(server: LiveServer) -> None:
    """Ask the health service until it says SERVING."""
    deadline = time.monotonic() + START_SECONDS
    with grpc.insecure_channel(server.url) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while time.monotonic() < deadline:
            if server.process.poll() is not None:
                break
            try:
                answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1)
            except grpc.RpcError:
                time.sleep(0.2)
                continue
            if answer.status == health_pb2.HealthCheckResponse.SERVING and _page_is_up(server):
                return
            time.sleep(0.2)
    server.process.kill()
    pytest.fail(f"the server did not start:\n{server.log.read_text()[-4000:]}")


def _page_is_up(server: LiveServer) -> bool:
    try:
        return httpx.get(server.http + "/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def stop_server(server: LiveServer) -> int:
    """End it as Ctrl-C would; its exit code."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)
    return server.process.wait(timeout=30)
