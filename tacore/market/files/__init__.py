"""A person's own history: folders of CSV and Parquet files, one file per symbol."""
