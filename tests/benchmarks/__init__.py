"""Measurements; each figure is a ratio within one run, so that it says the same on a slow machine."""
