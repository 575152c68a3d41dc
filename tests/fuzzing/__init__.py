"""Mutated input through the real commands, and faults in the middle of real reports: ``python -m fuzzing``."""
