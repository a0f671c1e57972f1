"""Rules that compare a policy with the tool catalog."""
