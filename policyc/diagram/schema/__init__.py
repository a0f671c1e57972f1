"""What a tool's input schema says of the arguments that a policy looks at, and arguments that it allows.

A schema is translated into two formulas: one that holds for at least every valid call and one that holds for at most the valid
ones. The analysis narrows by the first, so a keyword that cannot be carried over narrows nothing.
"""
