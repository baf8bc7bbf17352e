"""Reading: image files in, text lines with place, confidence and category out; overlay pictures.

Runs on ONNX Runtime; Paddle is never imported here.
"""
