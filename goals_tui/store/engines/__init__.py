"""Engines: whatever holds a log of goal events and answers the queries of `store/cycles`."""
