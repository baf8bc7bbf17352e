"""Many drawings through batch transform: what is missing is read, what was read is kept."""
