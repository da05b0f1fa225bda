"""Pages of members, roles, invitations and API keys."""
