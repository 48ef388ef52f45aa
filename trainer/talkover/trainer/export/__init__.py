"""From trained weights to what is served: a bundle, or a delta to the base weights."""
