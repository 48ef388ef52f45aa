"""What a transcript is worth to the policy gradient: a number, and why it is that."""
