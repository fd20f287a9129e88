"""In a training step, no weight is updated before all other operations of the step have read it."""

import collections
import itertools

import pytest
import tensorflow as tf

pytestmark = pytest.mark.slow


def _graphs_run(work, folder):
    """Return the graphs, as TensorFlow optimized them, of all functions that `work()` ran."""
    writer = tf.summary.create_file_writer(str(folder))
    tf.summary.trace_on(graph=True, profiler=False)
    work()
    with writer.as_default():
        tf.summary.trace_export("functions", step=0)
    writer.close()
    metadata = tf.compat.v1.RunMetadata()
    for event in tf.compat.v1.train.summary_iterator(str(next(folder.iterdir()))):
        for value in event.summary.value:
            metadata.ParseFromString(value.tensor.string_val[0])
    return [run.post_optimization_graph for run in metadata.function_graphs]


def _source(name):
    return name.lstrip("^").split(":")[0]


def _reads_and_writes(graph):
    """Yield each read and write of one variable, and whether a path of edges joins them within one step."""
    kinds = {node.name: node.op for node in graph.node}
    following, reads, writes = (collections.defaultdict(list) for _ in range(3))
    for node in graph.node:
        for name in node.input:
            following[_source(name)].append(node.name)
        if node.op in ("ReadVariableOp", "ResourceGather"):
            reads[_source(node.input[0])].append(node.name)
        elif node.op.startswith(("ResourceApply", "Assign")):
            writes[_source(node.input[0])].append(node.name)

    def after(name):
        found, ahead = set(), [name]
        while ahead:
            last = ahead.pop()
            if kinds.get(last) != "NextIteration":  # what follows that is the next step
                new = set(following[last]) - found
                found |= new
                ahead += new
        return found

    later = {name: after(name) for place in writes for name in (*reads[place], *writes[place])}
    for place in writes:
        for read, write in itertools.product(reads[place], writes[place]):
            yield read, write, write in later[read] or read in later[write]


def test_every_read_of_a_weight_is_before_or_after_its_update(subject, tmp_path):
    model = subject.make()
    graphs = _graphs_run(lambda: subject.fit(model, 1), tmp_path)
    pairs = [pair for graph in graphs for pair in _reads_and_writes(graph)]
    assert len(pairs) >= len(model.trainable_variables)
    assert not [(read, write) for read, write, ordered in pairs if not ordered]
