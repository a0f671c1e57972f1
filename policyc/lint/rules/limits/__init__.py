"""Rules about limits: what is unlimited, and limits that do not limit."""
