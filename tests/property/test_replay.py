"""The analysis's witnesses and random calls against the reference: the continuous run's part of `python -m tests.property.replay`."""

from __future__ import annotations

import random
from collections import Counter

from tests.property import replay


def test_every_witness_and_many_calls_replay() -> None:
    tally: Counter[str] = Counter()
    for n in range(120):
        replay.replay(random.Random(n), 20, tally)
    assert tally["witnesses"] > 0.97 * tally["leaves"] > 500, tally
