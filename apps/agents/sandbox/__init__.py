"""Code that somebody else wrote, run where it reaches nothing: what it may do, how it is checked before, who runs it."""
