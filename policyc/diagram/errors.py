"""What an analysis of patterns may give up on, and the budget it works within."""

from __future__ import annotations

from policyc.record import record


class TooLarge(Exception):
    """A budget was reached; the message says which."""


class Unsupported(Exception):
    """The pattern is not valid, or uses something that the analysis does not model; the message says what."""


@record
class Budget:
    """Limits of one analysis.

    `states`: joint automaton states; `seconds`: wall-clock time; `nfa_states`: states of one pattern's automaton;
    `example_length`: longest example built, in code points.
    """

    states: int = 20_000
    seconds: float = 2.0
    nfa_states: int = 5_000
    example_length: int = 1_000_000


DEFAULT = Budget()
