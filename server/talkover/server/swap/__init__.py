"""Weights change while calls go on.

``generations`` decides and does no I/O; ``house`` carries out. A bundle that is loaded is a
generation; a turn begins on one and ends on it.
"""
