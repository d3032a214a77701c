"""How values of a checkpoint are written."""
