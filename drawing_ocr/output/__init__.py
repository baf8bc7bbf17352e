"""What was read in a drawing, in the forms that people and programs take it on in."""
