"""Stages of training, each from one table of a recipe, each to be gone on with after any kill.

A stage takes examples from a feed, turns each batch into a loss, and leaves checkpoints, figures,
curves and a card in the folder of its run.
"""
