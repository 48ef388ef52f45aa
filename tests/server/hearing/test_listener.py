"""What is asked of the listener, for all who wait."""

import numpy as np

from talkover.core.listener import ListenRequest
from talkover.server.hearing.listener import together


def asked(beam):
    return ListenRequest(np.zeros(160, np.float32), ("en",), beam=beam)


def test_who_is_alone_is_searched_for_as_far_as_was_asked():
    alone = asked(5)
    assert together([alone]) == [alone]


def test_nobody_waits_for_the_beams_of_others():
    assert [one.beam for one in together([asked(5), asked(1), asked(3)])] == [1, 1, 1]


def test_as_many_hypotheses_as_were_asked_for_are_found_beside_others():
    several = ListenRequest(np.zeros(160, np.float32), n_best=4, beam=8)
    assert [one.n_best for one in together([several, asked(1)])] == [4, 1]
