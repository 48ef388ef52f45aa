"""Whisper as a policy: it draws transcripts, tells how likely given ones are, and learns.

::

    base = read_base(folder)
    policy = Policy(base.model, base.tokens, Tuning(rank=16), seed=0)
    heard = policy.hear(policy.see(sounds, window), languages)
    drawn = sample(policy, heard.detach(), 4, seed=7)
    scores = policy.score(heard, drawn.written)
"""
