"""Everything an operator can set, and where each value came from; the only readers of the environment.

This package imports nothing by itself: ``names`` is constants only and costs nothing, ``load`` costs 0.3 s.
"""
