"""Limits on the number of steps of a goal, the initial step included."""

DEFAULT_MAX_STEPS = 10
HIGHEST_MAX_STEPS = 20
