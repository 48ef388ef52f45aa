"""Hard negatives: what the listener gets wrong, and almost right, is what it hears next.

Scores, choices and the table of what was written for what are pure; ``listen`` hears, ``rounds``
goes on training.
"""
