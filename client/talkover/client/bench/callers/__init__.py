"""Callers with accents: what is understood of them while a server learns."""
