"""Pages of knowledge: `collections`, `documents` with their `passages`, and the part about `reading`."""
