"""Imports: exports of the original system, and logs as tables or traces."""
