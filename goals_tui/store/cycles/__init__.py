"""Queries of cycles over the event log."""
