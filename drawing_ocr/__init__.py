"""What the product knows about engineering drawings: labels, datasets, models, training, evaluation, reading."""
