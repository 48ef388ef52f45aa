"""Evaluation: models judged side by side, on what real people said."""
