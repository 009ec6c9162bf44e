"""Tasks: work in the background, its queues and its records."""
