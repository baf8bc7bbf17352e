"""The operator's command `drawingops`."""
