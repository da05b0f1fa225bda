"""Projects: people with the agents and collections they share, counted and limited by themselves."""
