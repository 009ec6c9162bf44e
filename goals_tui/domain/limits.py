"""How many steps a goal may have, the initial one included."""

DEFAULT_MAX_STEPS = 10
HIGHEST_MAX_STEPS = 20
