"""``talkover serve``, and the groups that the server package brings along."""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from talkover.core.settings import load_settings

ServeHost = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen on. Not loopback: a token is needed."),
]


def register(app: typer.Typer) -> None:
    """Add the server's commands to ``app``."""
    from talkover.server.cli_models import app as models
    from talkover.server.replay.cli import command as replay
    from talkover.server.traces.cli import app as traces

    app.command()(serve)
    app.command("replay")(replay)
    app.command()(health)
    app.add_typer(models, name="models", help="Base weights: pull, build a bundle, verify.")
    app.add_typer(traces, name="traces", help="What was said: follow turns, look at a call.")


def serve(
    host: ServeHost = None,
    port: Annotated[int | None, typer.Option(help="gRPC port; 0 picks a free one.")] = None,
    http_port: Annotated[
        int | None, typer.Option(help="Port of the page; 0 picks a free one.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="Bearer token callers must bring.")] = None,
    bundle: Annotated[
        str | None, typer.Option(help="Bundle to serve; default: the current.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Weights, bundles, traces.")] = None,
    redis_url: Annotated[
        str | None, typer.Option(help="Your Redis; default: one is started with the server.")
    ] = None,
    brain_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint to think with.")
    ] = None,
    brain_pictures: Annotated[
        int | None,
        typer.Option(help="Pictures a turn to show that endpoint. Default: 0, it reads only text."),
    ] = None,
    brain_native: Annotated[
        Path | None,
        typer.Option(help="Qwen2.5-Omni checkpoint to think with; takes the extra native."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes, each with models of its own. Default: 1.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Start the live agent and answer calls until Ctrl-C.

    Everything has a default: weights come from `talkover models build`, traces go to a Redis that
    is started along. Ctrl-C lets running turns finish.
    """
    from talkover.server.app import Running
    from talkover.server.app import serve as run

    settings = load_settings(
        data_dir=data_dir,
        bundle=bundle,
        server__host=host,
        server__port=port,
        server__http_port=http_port,
        server__token=token,
        server__workers=workers,
        traces__redis_url=redis_url,
        brain__url=brain_url,
        brain__pictures=brain_pictures,
        brain__native__folder=brain_native,
    )
    set_up_logging(log_level)
    console = Console(highlight=False)

    def announce(running: Running) -> None:
        where = f"{settings.server.host}:{running.port}"
        console.print(f"[bold]Talkover answers at[/bold] grpc://{where}")
        extra = ""
        if running.token and settings.server.token is None:
            console.print(f"Callers need this token: [bold]{running.token}[/bold]")
            extra = f" --token {running.token}"
        page = f"http://{settings.server.host}:{running.http_port}/"
        console.print(f"[bold]Open {page} and talk.[/bold]")
        console.print(f"Call it:  talkover call --wav FILE --url grpc://{where}{extra}")

    if settings.server.workers > 1:
        from talkover.server.workers.supervisor import Supervisor

        asyncio.run(Supervisor(settings, log_level).run(announce))
    else:
        asyncio.run(run(settings, announce))


def set_up_logging(level: str) -> None:
    """Structured logs to standard error: JSON when it is not a terminal. No speech content."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise typer.BadParameter("one of debug, info, warning, error", param_hint="--log-level")
    console = Console(stderr=True)
    render: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer()
        if console.is_terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def health(
    url: Annotated[str, typer.Option(help="Where the server is.")] = "127.0.0.1:8640",
) -> None:
    """Ask a server whether it answers calls. Exit code 0: it does."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(url) as channel:
        try:
            stub = health_pb2_grpc.HealthStub(channel)
            answer = stub.Check(  # type: ignore[attr-defined] # its stub package lacks it
                health_pb2.HealthCheckRequest(), timeout=3
            )
        except grpc.RpcError as error:
            typer.echo(f"no answer from {url}: {error.code().name}", err=True)
            raise typer.Exit(1) from None
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    typer.echo(name)
    raise typer.Exit(0 if answer.status == health_pb2.HealthCheckResponse.SERVING else 1)
