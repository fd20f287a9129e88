"""The data sets inside scikit-learn."""

import pytest

import tfvae


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [
        ("digits", (8, 8, 1), 1797),
        ("breast_cancer", (30,), 569),
        ("wine", (13,), 178),
        ("iris", (4,), 150),
        ("diabetes", (10,), 442),
    ],
)
def test_scikit_learn_sets(name, shape, size, everything_of):
    source = tfvae.data.source(f"sklearn:{name}")
    assert (source.shape, source.size, source.is_image) == (shape, size, name == "digits")
    x, label = everything_of(source)
    assert x.shape == (size, *shape)
    assert len(label) == size
    if source.is_image:
        assert (x.min(), x.max()) == (0, 1)


def test_an_unknown_name_is_answered_with_the_known_ones(error_message):
    assert "digits" in error_message("sklearn:digit")
