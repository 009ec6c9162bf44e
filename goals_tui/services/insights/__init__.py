"""What the event log says: reports, funnels, breakdowns, cycles and the health of the data."""
