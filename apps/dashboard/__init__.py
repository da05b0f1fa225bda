"""Pages that span apps: home, search, preferences, health."""
