"""Computes how work flows through a team, from when its issues changed status."""
