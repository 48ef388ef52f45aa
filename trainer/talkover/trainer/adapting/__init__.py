"""A quarter of an hour of an accent that a listener never heard, and what it makes of it."""
