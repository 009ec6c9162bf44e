"""Filters, which Insights and Sessions share."""
