"""The compliance checker: each requirement of a tender beside what the organisation's documents say about it."""
