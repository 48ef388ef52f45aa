"""How callers reach a session. A session knows none of them."""
