"""Endless speech for a training loop, the same whoever and however many make it ready.

::

    with Stream(Recorded(manifest, recipe), seed=1, workers=2) as stream:
        for made in stream: ...
        state = stream.state_dict()  # integers; a stream that loads them goes on there
"""
