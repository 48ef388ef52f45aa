"""Pictures with questions and answers: drawn by number, the same on every machine."""
