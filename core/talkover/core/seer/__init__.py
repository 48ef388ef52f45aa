"""Pictures of a camera, a screen or a file, and what two models find in them."""
