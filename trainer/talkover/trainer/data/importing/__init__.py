"""Corpora that others have made: read, checked, and written as sets of our own."""
