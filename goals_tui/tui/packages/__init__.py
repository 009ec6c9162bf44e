"""Dialogs for exporting and importing packages, and for importing events."""
