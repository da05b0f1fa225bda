"""What can be done with evaluations: sets and their cases, runs of them, and what they keep from being published."""
