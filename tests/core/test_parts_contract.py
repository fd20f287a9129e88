"""Every part: combined at random with any others, and trained at a rate that is too high.

Combined, a step is taken, or the two parts that clash are named.
"""

import os
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae import flows, likelihoods, networks, objectives, posteriors, priors
from tfvae.core.errors import InvalidInput

DIM, CODES = 4, 3
COUNT = 200
SEED = int(os.environ.get("TFVAE_SEED", random.randrange(2**31)))

POSTERIORS = {
    "Normal": lambda: posteriors.Normal(DIM),
    "FullNormal": lambda: posteriors.FullNormal(DIM),
    "Mixture": lambda: posteriors.Mixture(DIM, 3),
    "Point": lambda: posteriors.Point(DIM),
    "LISTA": lambda: posteriors.LISTA(DIM, 2),
    "Planar": lambda: posteriors.Planar(DIM, 2),
    "Radial": lambda: posteriors.Radial(DIM, 2),
    "InverseAutoregressive": lambda: posteriors.InverseAutoregressive(DIM, 2),
    "Hamiltonian": lambda: posteriors.Hamiltonian(DIM, 2),
    "PowerSpherical": lambda: posteriors.PowerSpherical(DIM),
    "VonMisesFisher": lambda: posteriors.VonMisesFisher(DIM),
    "RelaxedOneHot": lambda: posteriors.RelaxedOneHot(2, 2, 0.7),
    "Categorical": lambda: posteriors.Categorical(2, 2),
    "VectorQuantizer": lambda: posteriors.VectorQuantizer(CODES, 2, 2),
    "VectorQuantizerEMA": lambda: posteriors.VectorQuantizerEMA(CODES, 2, 2),
    "HierarchicalVectorQuantizer": lambda: posteriors.HierarchicalVectorQuantizer(
        posteriors.VectorQuantizer(CODES, 2),
        posteriors.VectorQuantizerEMA(CODES, 2),
        networks.mlp((4,), "tanh"),
    ),
}
PRIORS = {
    "StandardNormal": lambda: priors.StandardNormal(DIM),
    "Mixture": lambda: priors.Mixture(DIM, 3),
    "VampPrior": lambda: priors.VampPrior(DIM, 3),
    "RealNVP": lambda: priors.Flow(DIM, flows.RealNVP(DIM, 2, (8,))),
    "MAF": lambda: priors.Flow(DIM, flows.MAF(DIM, 1, (8,))),
    "Conditional": lambda: priors.Conditional(DIM, networks.mlp((8,)), 2),
    "SphereUniform": lambda: priors.SphereUniform(DIM),
    "RelaxedCategorical": lambda: priors.RelaxedCategorical(2, 2, 0.7),
    "Categorical": lambda: priors.Categorical(2, 2),
    "LearnedCategorical": lambda: priors.LearnedCategorical(2, 2),
    "UniformCodes": lambda: priors.UniformCodes(CODES, 2, 2),
    "AutoregressiveCodes": lambda: priors.AutoregressiveCodes(CODES, 2, 2),
}
BINARY, UNIT, REAL, COUNTS = (lambda r: r.integers(0, 2, (6, 8)), lambda r: r.random((6, 8)),
                              lambda r: r.normal(size=(6, 8)), lambda r: r.poisson(2, (6, 8)))  # fmt: skip

KINDS = (likelihoods.Real(), likelihoods.Positive(), likelihoods.Count(), likelihoods.Category(2))


def _holes(rng):
    x = rng.normal(size=(6, 8))
    x[rng.random(x.shape) < 0.3] = np.nan
    return x


def _cut(x):
    x[:3, 2:] = np.nan
    return x


LIKELIHOODS = {
    "Bernoulli": (lambda: likelihoods.Bernoulli((8,)), BINARY),
    "ContinuousBernoulli": (lambda: likelihoods.ContinuousBernoulli((8,)), UNIT),
    "Normal": (lambda: likelihoods.Normal((8,)), REAL),
    "Normal, per element": (lambda: likelihoods.Normal((8,), tfvae.scales.PerElement()), REAL),
    "LowRankNormal": (lambda: likelihoods.LowRankNormal((8,), 2), REAL),
    "Dictionary": (lambda: likelihoods.Dictionary((8,)), REAL),
    "MaskedNormal": (lambda: likelihoods.MaskedNormal((8,), (4,)), REAL),
    "Laplace": (lambda: likelihoods.Laplace((8,)), REAL),
    "StudentT": (lambda: likelihoods.StudentT((8,)), REAL),
    "Poisson": (lambda: likelihoods.Poisson((8,)), COUNTS),
    "NegativeBinomial": (lambda: likelihoods.NegativeBinomial((8,)), COUNTS),
    "ZeroInflated": (lambda: likelihoods.ZeroInflated(likelihoods.Poisson((8,))), COUNTS),
    "Multinomial": (lambda: likelihoods.Multinomial((8,)), COUNTS),
    "Categorical": (lambda: likelihoods.Categorical((8,), 3), lambda r: r.integers(0, 3, (6, 8))),
    "DiscretizedLogisticMixture": (
        lambda: likelihoods.DiscretizedLogisticMixture((2, 2, 3), 2),
        lambda r: r.integers(0, 256, (6, 2, 2, 3)) / 255,
    ),
    "Autoregressive": (
        lambda: likelihoods.Autoregressive((2, 2, 1)),
        lambda r: r.integers(0, 2, (6, 2, 2, 1)),
    ),
    "AutoregressiveCategorical": (
        lambda: likelihoods.AutoregressiveCategorical((4,), 3, 5, dropout=0.3),
        lambda r: _cut(r.integers(0, 3, (6, 4)).astype("float32")),
    ),
    "Padded": (
        lambda: likelihoods.Padded(likelihoods.Normal((4, 2))),
        lambda r: _cut(r.normal(size=(6, 4, 2))),
    ),
    "InnerProduct": (lambda: likelihoods.InnerProduct(4), lambda r: r.integers(0, 2, (6, 4, 4))),
    "Observed": (lambda: likelihoods.MissingAtRandom(likelihoods.Normal((8,))), _holes),
    "Marked": (
        lambda: likelihoods.WithMissingMask(likelihoods.MissingAtRandom(likelihoods.Normal((8,)))),
        _holes,
    ),
    "MissingNotAtRandom": (lambda: likelihoods.MissingNotAtRandom(likelihoods.Normal((8,))), _holes),
    "Columns": (
        lambda: likelihoods.MixedColumns(KINDS),
        lambda r: np.stack([r.normal(size=6), r.random(6) + 0.1, r.poisson(2, 6), r.integers(0, 2, 6)], 1),
    ),
}
OBJECTIVES = {
    "ELBO": lambda: objectives.ELBO(),
    "ELBO, beta": lambda: objectives.ELBO(2.0, free_bits=0.1, num_samples=2),
    "ControlledCapacity": lambda: objectives.ControlledCapacity(1.0, 10.0),
    "ImportanceWeighted": lambda: objectives.ImportanceWeighted(3),
    "Renyi": lambda: objectives.Renyi(0.5, 3),
    "CombinedImportanceWeighted": lambda: objectives.CombinedImportanceWeighted(0.5, 3),
    "MultiplyImportanceWeighted": lambda: objectives.MultiplyImportanceWeighted(2, 2),
    "StickingTheLanding": lambda: objectives.StickingTheLanding(2),
    "DoublyReparameterized": lambda: objectives.DoublyReparameterized(3),
    "ForwardKL": lambda: objectives.ForwardKL(3),
    "Thermodynamic": lambda: objectives.Thermodynamic(3),
    "RenyiMax": lambda: objectives.RenyiMax(3),
    "PartiallyImportanceWeighted": lambda: objectives.PartiallyImportanceWeighted(2, 2),
    "ThermodynamicCovariance": lambda: objectives.ThermodynamicCovariance(3),
    "BetaTCVAE": lambda: objectives.BetaTCVAE(2.0, dataset_size=100),
    "FactorVAE": lambda: objectives.FactorVAE(2.0),
    "DIPVAE1": lambda: objectives.DIPVAE1(1.0, 1.0),
    "DIPVAE2": lambda: objectives.DIPVAE2(1.0, 1.0),
    "InfoVAE": lambda: objectives.InfoVAE(0.5, 2.0),
    "WassersteinMMD": lambda: objectives.WassersteinMMD(2.0),
    "AdversarialAutoencoder": lambda: objectives.AdversarialAutoencoder(1.0),
    "AdversariallyLearnedInference": lambda: objectives.AdversariallyLearnedInference(),
    "VAEGAN": lambda: objectives.VAEGAN(1.0),
    "Perceptual": lambda: objectives.Perceptual(networks.mlp((4,)), 1.0),
    "GECO": lambda: objectives.GECO(0.5),
    "ClassBalanced": lambda: objectives.ClassBalanced(),
    "PredictiveSparseDecomposition": lambda: objectives.PredictiveSparseDecomposition(0.1, 1.0, 5),
    "SpikeAndSlab": lambda: objectives.SpikeAndSlab(100),
    "Reconstruction": lambda: objectives.Reconstruction(),
    "SparseAutoencoder": lambda: objectives.SparseAutoencoder(0.1),
    "ContractiveAutoencoder": lambda: objectives.ContractiveAutoencoder(0.1),
    "SubsetELBO": lambda: objectives.SubsetELBO(),
    "Classification": lambda: objectives.Classification(1.0),
    "Trimmed": lambda: objectives.Trimmed(objectives.ELBO(), 0.1),
    "SlowFeatures": lambda: objectives.SlowFeatures(2, 0.1),
    "VectorQuantization": lambda: objectives.VectorQuantization(),
}
TABLES = (POSTERIORS, PRIORS, LIKELIHOODS, OBJECTIVES)


def _draws():
    """COUNT different combinations; four of five have a prior over the posterior's space."""
    rng = random.Random(SEED)
    spaces = {name: make().space for name, make in PRIORS.items()}
    drawn = set()
    while len(drawn) < COUNT:
        posterior = rng.choice(list(POSTERIORS))
        space = POSTERIORS[posterior]().space
        fitting = [name for name in PRIORS if spaces[name] == space]
        prior = rng.choice(fitting if rng.random() < 0.8 else list(PRIORS))
        drawn.add((posterior, prior, rng.choice(list(LIKELIHOODS)), rng.choice(list(OBJECTIVES))))
    return sorted(drawn)


def _model(posterior, prior, likelihood, objective):
    decoder = networks.linear() if likelihood == "Dictionary" else networks.mlp((8,), "tanh")
    if likelihood == "InnerProduct":
        decoder = networks.chain(decoder, keras.layers.Reshape((4, 2)))
    return tfvae.VAE(
        networks.mlp((8,), "tanh"),
        decoder,
        POSTERIORS[posterior](),
        LIKELIHOODS[likelihood][0](),
        PRIORS[prior](),
        OBJECTIVES[objective](),
    )


def _problem_in_a_step(model, x):
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=x, y_pred=model(x, training=True))
    weights = [variable.value for variable in model.trainable_variables]
    gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, weights) if g is not None]
    if not gradients:
        return "no gradients"
    if not np.isfinite(loss):
        return f"loss {loss}"
    return None if all(np.isfinite(g).all() for g in gradients) else "a gradient that is not finite"


def test_each_trains_or_is_refused_by_name():
    """In one test, so that the seed that is printed draws all of them again."""
    print(f"TFVAE_SEED={SEED}")
    trained, refused, wrong = 0, {}, []
    for names in _draws():
        x = LIKELIHOODS[names[2]][1](np.random.default_rng(0)).astype("float32")
        try:
            model = _model(*names)
        except InvalidInput as error:
            refused[names] = str(error)
            continue
        try:
            problem = _problem_in_a_step(model, x)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            wrong.append((*names, problem))
        trained += 1
    print(f"{trained} trained, {len(refused)} refused")
    assert not wrong, "\n".join(map(str, wrong))
    assert trained > COUNT / 4
    for names, message in refused.items():
        made = [table[name] for table, name in zip(TABLES, names, strict=True)]
        parts = [(make[0] if isinstance(make, tuple) else make)() for make in made]
        parts.append(getattr(parts[-1], "objective", None))  # the one that a penalty is added to
        named = len({type(part).__name__ for part in parts if type(part).__name__ in message})
        assert named >= 2 or "Conditional" in message, (names, message)


@pytest.mark.parametrize("kind", ["POSTERIORS", "PRIORS", "LIKELIHOODS", "OBJECTIVES"])
def test_every_part_of_the_library_is_among_them(kind):
    """So that a new part is drawn without being asked for."""
    module = getattr(tfvae, kind.lower())
    made = [value[0]() if isinstance(value, tuple) else value() for value in globals()[kind].values()]
    drawn = {type(part).__name__ for part in made}
    base = {
        "POSTERIORS": "Posterior",
        "PRIORS": "Prior",
        "LIKELIHOODS": "Likelihood",
        "OBJECTIVES": "Objective",
    }
    abstract = getattr(module, base[kind])
    parts = {
        name
        for name in module.__all__
        if isinstance(getattr(module, name), type)
        and issubclass(getattr(module, name), abstract)
        and not getattr(module, name).__abstractmethods__
        and not issubclass(getattr(module, name), posteriors.Fusion)  # of experts, not of features
    }
    assert drawn >= parts, f"{kind} in this file: add a line for each of {sorted(parts - drawn)}"


USUAL = {
    "Point": "Reconstruction",
    "LISTA": "Reconstruction",
    "VectorQuantizer": "VectorQuantization",
    "VectorQuantizerEMA": "VectorQuantization",
    "HierarchicalVectorQuantizer": "VectorQuantization",
}
OF_SEVERAL_KINDS = ("SubsetELBO",)  # of data; the recipes of modalities train them
WITH_CLASSES = ("Classification",)  # refused by a VAE; tested with the models that have classes
NOT_TRAINED_SO = ("Conditional", "AutoregressiveCodes")  # needs a condition; is fitted to codes afterwards


def _pairs():
    """For each likelihood a posterior and a prior over its space, each of them at least once."""
    used = dict.fromkeys(PRIORS, 0)
    for index in range(len(LIKELIHOODS)):
        name = list(POSTERIORS)[index % len(POSTERIORS)]
        posterior = POSTERIORS[name]()
        fitting = [
            prior
            for prior, make in PRIORS.items()
            if make().space == posterior.space
            and prior not in NOT_TRAINED_SO
            and (posterior.explicit_density or prior != "VampPrior")
        ]
        prior = fitting[0] if name in USUAL else min(fitting, key=used.get)
        used[prior] += 1
        yield name, prior


NEEDS = {
    "VectorQuantization": ("VectorQuantizerEMA", "UniformCodes", "Bernoulli"),
    "ClassBalanced": ("Normal", "StandardNormal", "InnerProduct"),
    "PredictiveSparseDecomposition": ("LISTA", "StandardNormal", "Dictionary"),
    "SpikeAndSlab": ("Normal", "StandardNormal", "MaskedNormal"),
}
RUNS = [
    (posterior, prior, likelihood, USUAL.get(posterior, "ELBO"))
    for (posterior, prior), likelihood in zip(_pairs(), LIKELIHOODS, strict=True)
] + [
    (*NEEDS.get(name, ("Normal", "StandardNormal", "Normal")), name)
    for name in OBJECTIVES
    if name not in OF_SEVERAL_KINDS + WITH_CLASSES
]
RUNS.append(("Categorical", "LearnedCategorical", "Bernoulli", "ELBO"))


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("names", RUNS, ids=lambda names: "-".join(names))
def test_a_thousand_steps_at_a_high_rate_end_finite(names, policy):
    keras.config.set_dtype_policy(policy)
    model = _model(*names)
    model.compile(tfvae.optimizers.Adam(1e-2), steps_per_execution=50)
    x = LIKELIHOODS[names[2]][1](np.random.default_rng(0)).astype("float32")
    batches = tf.data.Dataset.from_tensors(x).repeat(1000)
    history = model.fit(batches, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values()), history
    for variable in model.variables:
        if tf.as_dtype(variable.dtype).is_floating:
            assert np.isfinite(np.array(variable, "float32")).all(), variable.path


def test_every_posterior_and_prior_is_among_the_runs():
    assert {run[0] for run in RUNS} == set(POSTERIORS)
    assert {run[1] for run in RUNS} >= set(PRIORS) - set(NOT_TRAINED_SO)
