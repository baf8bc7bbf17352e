"""Pictures of drawings to vectors: the sheet's furniture cut out, views separated, one vector each.

Light: numpy, OpenCV and ONNX Runtime.
"""
