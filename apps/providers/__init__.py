"""Models of every kind behind one port: chat and embeddings."""
