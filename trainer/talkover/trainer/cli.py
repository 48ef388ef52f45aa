"""The commands that the trainer package brings along."""

import typer


def register(app: typer.Typer) -> None:
    """Add the trainer's commands to ``app``."""
    from talkover.trainer.evaluation.cli import app as evaluation

    app.add_typer(evaluation, name="eval", help="Judge models from what they were asked.")
