"""Ground Truth hands this function what workers said."""
