"""A local server of exported models that speaks TensorFlow Serving's REST interface.

It is for development, tests and small loads: one process, JSON only. TensorFlow Serving itself is the choice
for production: it reads the same folders and answers the same requests, and has gRPC, several models with
configured versions and labels, warm-up, and a C++ path from the socket to the graph.

Where it differs: bodies, rows, and requests at a time are limited (413, 503), a slow body is refused (408),
and an integer that its type cannot hold is refused instead of wrapped around. Of a key that is there
twice the last counts, not the first. There are no labels, no warm-up and no time limit for a model's work.

The modules here use TensorFlow alone, never Keras or the models' own code: what is served is what was
exported.
"""
