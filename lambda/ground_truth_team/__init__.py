"""Where Ground Truth's workers come back to after they have signed in."""
