"""Pages of agents and runs (`agents`), of how agents answer (`behaviour`), of personalities and of business rules."""
