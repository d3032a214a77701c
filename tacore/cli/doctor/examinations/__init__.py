"""The examinations of `tacore doctor`, one file each."""
