"""The live agent: it hears, takes turns, thinks and speaks."""
