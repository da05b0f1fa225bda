"""Agents and their runs: a pure loop that names the next step, and a worker that does and stores it."""
