"""Cycles, queried from the event log."""
