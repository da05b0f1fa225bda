"""What every app stands on: tenancy, errors, abstract models and plumbing. It has no tables."""
