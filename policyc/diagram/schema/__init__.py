"""What a tool's input schema says of the arguments that a policy looks at, and arguments that it allows.

A schema is translated into two formulas: one that holds for at least every valid call and one that holds for at most the valid
ones. The analysis narrows by the first, so a keyword that cannot be carried over narrows nothing.
"""

from policyc.diagram.schema.fill import complete, filled
from policyc.diagram.schema.formula import LookedAt, looked_at, schema_bounds, schema_formula
from policyc.diagram.schema.translator import allows

__all__ = ["LookedAt", "allows", "complete", "filled", "looked_at", "schema_bounds", "schema_formula"]
