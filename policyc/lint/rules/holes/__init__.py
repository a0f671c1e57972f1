"""Rules for policies that say less, or more, than their author meant."""
