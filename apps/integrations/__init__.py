"""Services outside that agents reach: connections, and the operations of theirs that may become tools."""
