"""Dialogs that export and import packages, and events."""
