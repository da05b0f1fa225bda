"""The durable engine: PostgreSQL holds the work, Celery only wakes a worker up."""
