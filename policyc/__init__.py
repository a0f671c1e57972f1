"""policyc: the compiler and linter for AI-agent tool policies."""

__version__ = "0.1.0"
