"""Prompts: texts with typed variables, their immutable versions, the labels that agents follow, and trying them."""
