"""Questions about pictures, asked out loud: what is heard, what is answered, and why."""
