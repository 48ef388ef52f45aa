"""The mathematics of learning from rewards: pure functions of a batch, a loss and figures out.

::

    gradient = ESTIMATORS["leave-one-out"](batch)
    loss = gradient.loss + beta * divergence(batch).loss + alpha * cross_entropy(anchor).loss
"""
