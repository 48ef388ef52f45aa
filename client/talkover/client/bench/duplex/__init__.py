"""``talkover bench duplex``: scripted calls, played to a real server and judged by their sound."""
