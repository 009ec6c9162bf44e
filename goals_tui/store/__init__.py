"""Storage of a workspace on disk: TinyDB documents, the event log, and the files they are kept in."""
