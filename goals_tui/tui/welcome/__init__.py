"""The first minute: the welcome of a first start, and the tour of the demo."""
