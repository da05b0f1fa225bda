"""Documents read, split, embedded and found again with their page and heading."""
