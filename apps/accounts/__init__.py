"""People and how they prove who they are. An account belongs to one tenant; operators live in public."""
