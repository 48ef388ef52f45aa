"""The commands that the trainer package brings along."""

import typer


def register(app: typer.Typer) -> None:
    """Add the trainer's commands to ``app``."""
    from talkover.trainer.adapting.cli import adapt
    from talkover.trainer.data.aligning.cli import evaluate as evaluate_aligner
    from talkover.trainer.data.aligning.cli import train as train_aligner
    from talkover.trainer.data.cli import app as data
    from talkover.trainer.evaluation.cli import app as evaluation
    from talkover.trainer.evaluation.cli_accents import evaluate as evaluate_accents
    from talkover.trainer.evaluation.cli_model import evaluate as evaluate_model
    from talkover.trainer.evaluation.crossmodal.cli import evaluate as evaluate_crossmodal
    from talkover.trainer.evaluation.crossmodal.cli_biasing import evaluate as evaluate_bias
    from talkover.trainer.export.cli import delta, export
    from talkover.trainer.gate.cli import gate
    from talkover.trainer.learning.cli import learn
    from talkover.trainer.overlap.cli import app as training
    from talkover.trainer.overlap.cli import evaluate
    from talkover.trainer.reward.cli import reward
    from talkover.trainer.seeing.cli import seer
    from talkover.trainer.stages.cli import everything, sft
    from talkover.trainer.stages.cli_rl import mine, rl

    evaluation.command("overlap")(evaluate)
    evaluation.command("accents")(evaluate_accents)
    evaluation.command("model")(evaluate_model)
    evaluation.command("crossmodal")(evaluate_crossmodal)
    evaluation.command("bias")(evaluate_bias)
    evaluation.command()(reward)
    evaluation.command("aligner")(evaluate_aligner)
    training.command("aligner")(train_aligner)
    training.command()(sft)
    training.command()(rl)
    training.command()(mine)
    training.command()(seer)
    training.command("all")(everything)
    training.command()(adapt)
    training.command()(export)
    training.command()(delta)
    training.command()(gate)
    app.command()(learn)
    app.add_typer(data, name="data", help="Speech to learn from.")
    app.add_typer(evaluation, name="eval", help="Judge models from what they were asked.")
    app.add_typer(training, name="train", help="Make models, or make them better.")
