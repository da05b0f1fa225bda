"""The finance analyser: what a table of figures says (`columns` reads it, `computing` computes), each figure with the formula it comes from."""
