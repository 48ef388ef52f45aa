"""What server, client and trainer must agree on: audio, models, bundles, records, reports.

This package imports none of the three, does no network I/O outside ``talkover.core.weights``
and holds no session state.
"""
