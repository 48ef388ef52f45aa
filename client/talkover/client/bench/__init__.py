"""Benches: a server judged as a black box, from what a caller said and heard."""
