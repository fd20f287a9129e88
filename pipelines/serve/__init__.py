"""A local server of exported models that speaks TensorFlow Serving's REST interface.

It is for development, tests and small loads: one process, JSON only. TensorFlow Serving itself is the choice
for production: it reads the same folders and answers the same requests, and has gRPC, several models with
configured versions and labels, warm-up, and a C++ path from the socket to the graph.

The modules here use TensorFlow alone, never Keras or the models' own code: what is served is what was
exported.
"""
