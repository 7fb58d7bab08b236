"""Experiments: replicates run in parallel, stored whole, extended, and compared in pairs."""
