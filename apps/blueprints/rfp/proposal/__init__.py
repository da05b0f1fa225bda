"""The proposal writer: an answer to each requirement of a tender, from the organisation's documents."""
