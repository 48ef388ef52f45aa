"""Speech to learn from: who says what, in which accent, over which line."""
