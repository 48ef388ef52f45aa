"""What training has made of a listener: readers side by side on the very same utterances.

Readers (``readers``) write down materials (``material``), all of the test split; what they wrote is
kept as it comes (``reading``). Then nothing is heard any more: errors are counted (``counts``),
put together with their uncertainty (``board``, ``figures``) and shown (``page``).
"""
