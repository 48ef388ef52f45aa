"""The video lane: which pictures are kept, which moment is asked about, and what was seen then."""
