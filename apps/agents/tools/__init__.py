"""What agents can do besides writing: one module a tool."""
