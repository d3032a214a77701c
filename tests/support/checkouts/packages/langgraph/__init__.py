"""As much of langgraph as the stand-ins and the runner use: one node at a time, checkpoints, resuming."""
