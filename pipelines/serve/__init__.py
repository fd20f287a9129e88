"""A local server of exported models that implements TensorFlow Serving's REST interface.

It is for development, tests and small loads: one process, JSON only. For production use TensorFlow Serving
itself: it reads the same folders and answers the same requests, and has gRPC, several models with configured
versions and labels, warm-up, and a C++ path from the socket to the graph.

Differences: the size of bodies, the rows of a request and the number of simultaneous requests are limited
(413, 503), a slow body is rejected (408), and so is one that is packed otherwise than by gzip (415); requests
for a host that is not named are rejected (403). An integer that its type cannot hold is rejected instead of
wrapped around. If a key is repeated, its last value counts and not its first. There are no labels, no warm-up
and no time limit for a model's call.

The modules here use TensorFlow alone, never Keras or this library's models: only exports are served.
"""
