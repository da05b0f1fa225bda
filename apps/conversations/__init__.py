"""People talking with agents: messages, citations, and the live answer on the page."""
