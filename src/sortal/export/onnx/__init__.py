"""Networks as graphs of ONNX."""
