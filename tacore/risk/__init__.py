"""What a portfolio may lose: arrays and options in, figures out; prices come from elsewhere."""
