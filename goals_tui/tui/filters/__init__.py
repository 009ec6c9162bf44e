"""Filters, as Insights and Sessions share them."""
