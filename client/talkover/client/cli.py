"""The commands that the client package brings along."""

import typer


def register(app: typer.Typer) -> None:
    """Add the client's commands to ``app``."""
    from talkover.client.bench.cli import app as bench
    from talkover.client.cli_call import call
    from talkover.client.cli_transcribe import transcribe

    app.command()(call)
    app.command()(transcribe)
    app.add_typer(bench, name="bench", help="Judge a server from what a caller hears.")
