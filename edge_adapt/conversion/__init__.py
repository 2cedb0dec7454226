"""Between layer records and ONNX graphs: integers as exact float32, graphs packed to bits."""
