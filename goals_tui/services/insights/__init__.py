"""Insights from the event log: reports, funnels, breakdowns, cycles and data health."""
