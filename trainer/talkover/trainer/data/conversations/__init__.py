"""Conversations on two lanes: who says what, of what kind, and when, as chosen.

::

    plan = plan_conversation(Rates(), people, random)   # who, what kind, when: no sound is made
    lanes = render(plan, Mix(), random)                 # float32 [2, n]: caller, agent
    scenes = list(overlaps(plan, lanes, Mix()))         # for the overlap classifier
"""
