"""Charts, drawn in cells from a spec."""
