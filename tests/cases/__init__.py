"""The case studies against the figures from outside."""
