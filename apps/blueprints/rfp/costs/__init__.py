"""The cost estimator of tenders: a work breakdown with three points a task, rates, and totals with their risk."""
