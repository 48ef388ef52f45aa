"""Learning from calls: what counts, what was really said, and when to train on it."""
