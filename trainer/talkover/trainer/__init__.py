"""The learning half: data, evaluation, training, export."""
