"""The welcome screen of the first start, and the tour of the demo."""
