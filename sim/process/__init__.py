"""The verbs of a tick: each takes the world and changes it."""
