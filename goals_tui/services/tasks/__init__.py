"""Work in the background: the queue, what each task does, and what is kept of it."""
