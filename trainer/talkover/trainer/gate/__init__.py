"""The gate: what a bundle's listener must hold before it may take another one's place."""
