"""Ground Truth asks this function what a worker is shown."""
