"""Code-switched speech: two languages in one mouth, every word with its language."""
