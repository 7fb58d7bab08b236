"""The plain twin: the rules of the model a second time, as plain Python objects and loops.

It is the oracle of the fast model and its readable specification. It starts from the built world and shares with the
fast model only the scenario, the codes, the keyed draws of `sim.streams` and the functions of `sim.numeric`.
"""
