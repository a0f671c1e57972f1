"""Tests of `policyc serve`, each with a real process. Skipped where the extra is missing."""
