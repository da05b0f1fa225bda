"""Two demo organisations with people and documents, so that the first question has an answer."""
