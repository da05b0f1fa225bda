"""What people fill in: automations and batches (`automations`), workflows and their steps (`flows`)."""
