"""Where orders go: the paper venue, and brokerages and exchanges over their own libraries."""
