"""A model that hears and sees by itself, in this process, through transformers and torch.

Nothing imports this package until a native model is asked for: serving needs no torch.
"""
