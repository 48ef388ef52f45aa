"""The overlap classifier: generated overlaps, training, and how well it tells them apart."""
