"""What is on disk: TinyDB documents, the event log, and the workspace that holds both."""
