"""The language in which workflows are written: `steps` they consist of, `places` filled in from one to the next, `checking` before they start, `walking` while they run. No tables."""
