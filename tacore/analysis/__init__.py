"""What one instrument's history says: indicators, levels, patterns, its own risk, and a verdict.

Pure: arrays in, values out. Where the arrays come from is the methods' business.
"""
