"""Whether callers notice that a server's weights change."""
