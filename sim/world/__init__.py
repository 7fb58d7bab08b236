"""The world: who and what there is, and how it is built."""
