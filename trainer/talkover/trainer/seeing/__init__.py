"""Eyes to learn with: pictures that ask, and a model that answers about them."""
