"""`fit`, `evaluate` and `predict` do what a Keras user types: steps, callbacks, losses of layers, sources."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput


class Batches(keras.callbacks.Callback):
    """Notes the number of each batch that a callback is told of."""

    def __init__(self):
        super().__init__()
        self.ends, self.test_ends = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(batch)

    def on_test_batch_end(self, batch, logs=None):
        self.test_ends.append(batch)


def _steps(vae):
    return int(vae.optimizer.iterations)


class TestSteps:
    @pytest.mark.parametrize(("steps", "epochs"), [(5, 2), (32, 1), (33, 1), (7, 3), (50, 2)])
    def test_fit_takes_those_that_are_asked_for(self, small_vae, flat, steps, epochs):
        vae = small_vae()
        vae.fit(flat, batch_size=16, steps_per_epoch=steps, epochs=epochs, verbose=0)
        assert _steps(vae) == steps * epochs

    def test_of_a_source_without_end(self, small_vae, flat):
        vae = small_vae()
        data = tf.data.Dataset.from_tensor_slices(flat).repeat().batch(16)
        vae.fit(data, steps_per_epoch=12, epochs=2, validation_data=data, validation_steps=2, verbose=0)
        assert _steps(vae) == 24

    @pytest.mark.parametrize("steps", [1, 3, 40])
    def test_evaluate_takes_those_that_are_asked_for(self, small_vae, flat, steps):
        """The mean is that of exactly so many batches."""
        vae = small_vae()
        vae.compile()
        data = tf.data.Dataset.from_tensor_slices(flat).batch(8)
        found = vae.evaluate(data, steps=steps, verbose=0, return_dict=True)["distortion"]
        expected = vae.evaluate(flat[: 8 * steps], batch_size=8, verbose=0, return_dict=True)["distortion"]
        assert found == pytest.approx(expected, rel=1e-6)

    def test_predict_takes_those_that_are_asked_for(self, small_vae, flat):
        vae = small_vae()
        data = tf.data.Dataset.from_tensor_slices(flat).batch(8)
        assert len(vae.predict(data, steps=3, verbose=0)["latent"]) == 24

    def test_a_callback_that_predicts_and_evaluates_changes_none_of_them(self, flat):
        """Validation after it is still that of all batches."""

        def history(*callbacks):
            keras.utils.set_random_seed(1)
            vae = tfvae.zoo.vae((64,), latent_dim=2, likelihood=tfvae.likelihoods.Bernoulli((64,)))
            held_out = flat[800:1400]
            fitted = vae.fit(
                flat[:800], batch_size=16, epochs=3, validation_data=held_out, verbose=0, callbacks=callbacks
            )
            return fitted.history, _steps(vae)

        class Looks(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                self.model.predict(flat[:40], verbose=0)
                self.model.evaluate(flat[:50], batch_size=10, verbose=0)
                self.model.evaluate(flat[:50], batch_size=10, steps=1, verbose=0)

        assert history(Looks()) == history()

    def test_also_where_more_are_allowed_in_one_execution(self, small_vae, flat):
        vae = small_vae()
        vae.compile(steps_per_execution=10)
        vae.fit(flat, batch_size=16, steps_per_epoch=4, epochs=2, verbose=0)
        assert _steps(vae) == 8

    def test_a_schedule_of_the_weight_sees_each_step(self, flat):
        vae = tfvae.zoo.annealed_vae((64,), latent_dim=2, warmup_steps=10)
        vae.fit(flat, batch_size=16, steps_per_epoch=5, verbose=0)
        assert float(vae.objective.beta(vae.step)) == 0.5

    def test_the_progress_bar_ends_at_its_total(self, small_vae, flat, capsys):
        """90 batches are two whole executions of 32 steps and a part of one."""
        vae = small_vae()
        vae.fit(flat[:900], batch_size=10, epochs=1, verbose=1)
        assert "90/90" in capsys.readouterr().out.split("\n")[-2]
        vae.evaluate(flat[:570], batch_size=10, verbose=1)
        printed = capsys.readouterr().out
        assert "57/57" in printed
        assert "64/57" not in printed

    def test_a_callback_for_batches_sees_each_one(self, small_vae, flat):
        vae, seen = small_vae(), Batches()
        vae.fit(flat[:400], batch_size=10, epochs=1, validation_split=0.1, callbacks=[seen], verbose=0)
        assert seen.ends == list(range(36))
        assert seen.test_ends == list(range(4))

    def test_without_one_many_steps_are_one_execution(self, small_vae, flat):
        """By which a small network is trained faster; Keras's own callbacks for epochs change nothing."""
        vae = small_vae()
        vae.fit(flat[:400], batch_size=10, callbacks=[keras.callbacks.EarlyStopping("loss")], verbose=0)
        assert vae.steps_per_execution == 32
        vae.fit(flat[:400], batch_size=10, callbacks=[Batches()], verbose=0)
        assert vae.steps_per_execution == 1

    def test_the_choice_is_saved(self, small_vae, flat, tmp_path):
        for asked in (None, 4):
            vae = small_vae()
            vae.compile(steps_per_execution=asked)
            vae.fit(flat[:64], verbose=0)
            vae.save(tmp_path / "vae.keras")
            again = keras.saving.load_model(tmp_path / "vae.keras")
            assert again.get_compile_config()["steps_per_execution"] == asked


class TestLossesOfLayers:
    """A layer's `add_loss` and regularizers are in the loss: once, and whole on several replicas."""

    def make(self, layers, posterior=None):
        return tfvae.VAE(
            keras.Sequential([keras.layers.Flatten(), *layers]),
            tfvae.networks.mlp((8,)),
            posterior or tfvae.posteriors.Normal(2),
            tfvae.likelihoods.Bernoulli((64,)),
            seed=0,
        )

    def added(self, vae, x):
        """What is in the loss beside the objective's."""
        out = vae(x, training=True)
        return float(vae.compute_loss(x=x, y_pred=out)) - float(tf.reduce_mean(out["loss"]))

    def test_weights(self, flat):
        dense = keras.layers.Dense(4, kernel_regularizer="l2", bias_regularizer=keras.regularizers.L1(0.5))
        vae = self.make([dense])
        dense.bias.assign([1.0, -2.0, 0.0, 3.0])
        expected = 0.01 * np.square(dense.kernel).sum() + 0.5 * 6.0
        assert self.added(vae, flat[:32]) == pytest.approx(expected, rel=1e-4)

    def test_activities_are_a_mean_over_the_batch(self, flat):
        dense = keras.layers.Dense(4, activity_regularizer=keras.regularizers.L2(0.1))
        vae = self.make([dense])
        expected = 0.1 * np.square(dense(flat[:32])).sum() / 32
        assert self.added(vae, flat[:32]) == pytest.approx(expected, rel=1e-4)

    def test_they_count_once_where_an_objective_passes_again(self, flat):
        """PIWAE decodes its draws twice; a VampPrior encodes its pseudo-inputs besides."""
        decoder = keras.Sequential([keras.layers.Dense(4, activity_regularizer="l2")])
        losses = []
        for objective in (
            tfvae.objectives.ELBO(num_samples=4),
            tfvae.objectives.PartiallyImportanceWeighted(2, 2),
        ):
            vae = tfvae.VAE(
                tfvae.networks.mlp((8,)), decoder, tfvae.posteriors.Normal(2),
                tfvae.likelihoods.Bernoulli((64,)), objective=objective, seed=0,
            )  # fmt: skip
            vae.encoder.set_weights([np.full_like(weight, 0.01) for weight in vae.encoder.get_weights()])
            vae.posterior.set_weights([np.full_like(weight, 0.01) for weight in vae.posterior.get_weights()])
            losses.append(self.added(vae, flat[:32]))
        assert losses[0] > 0
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)

    def test_training_moves_toward_them(self, flat):
        vae = self.make([keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(100.0))])
        vae.compile(keras.optimizers.Adam(0.01))
        history = vae.fit(flat[:256], epochs=20, verbose=0).history
        assert history["loss"][0] > history["distortion"][0] + history["rate"][0] + 10
        assert np.abs(vae.encoder.layers[1].kernel).max() < 0.02

    def test_two_replicas_have_one_devices_weights(self, flat, two_replicas, silent):
        """Also for a last batch that does not split evenly."""
        found = []
        for strategy in (tf.distribute.get_strategy(), two_replicas):
            keras.utils.set_random_seed(1)
            with strategy.scope():
                dense = keras.layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l2")
                vae = self.make([dense], silent(2))
                vae.compile(keras.optimizers.SGD(0.1))
            vae.fit(flat[:75], batch_size=20, epochs=2, shuffle=False, verbose=0)
            found.append([np.array(weight) for weight in vae.trainable_variables])
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)

    @pytest.mark.parametrize("recipe", ["semi_supervised_vae", "ladder_vae", "mmvae", "vrnn"])
    def test_in_every_class_of_model(self, recipe, flat):
        dense = keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(1.0))
        network = keras.Sequential([keras.layers.Flatten(), dense])
        if recipe == "semi_supervised_vae":
            model = tfvae.zoo.semi_supervised_vae((64,), num_classes=3, classifier=network)
            data = {"x": flat[:32], "label": np.arange(32) % 3}
        elif recipe == "ladder_vae":
            model, data = tfvae.zoo.ladder_vae((64,), latent_dims=(4, 2), decoder=network), flat[:32]
        elif recipe == "mmvae":
            model = tfvae.zoo.mmvae({"a": (64,)}, decoders={"a": network})
            data = {"a": flat[:32]}
        else:
            model, data = tfvae.zoo.vrnn((4, 16), latent_dim=2), flat[:32].reshape(32, 4, 16)
            model.features.network.layers[-1].kernel_regularizer = keras.regularizers.L2(1.0)
            dense = model.features.network.layers[-1]
            dense.kernel.regularizer = keras.regularizers.L2(1.0)
        assert self.added(model, data) == pytest.approx(np.square(dense.kernel).sum(), rel=1e-3)


class TestMode:
    """Dropout, batch statistics and augmentation act in training alone, in every pass of it."""

    def test_outside_fit_augmentation_does_nothing(self, digits):
        encoder = keras.Sequential([keras.layers.RandomRotation(0.5), *tfvae.networks.conv().layers])
        vae = tfvae.zoo.vae((8, 8, 1), encoder=encoder)
        for name in ("elbo", "distortion", "reconstruct"):
            first, second = (getattr(vae, name)(digits[:20]) for _ in range(2))
            np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(*(vae.encode(digits[:5]).mean() for _ in range(2)))

    @pytest.mark.parametrize(
        "objective",
        [
            tfvae.objectives.ForwardKL,
            tfvae.objectives.Thermodynamic,
            tfvae.objectives.PartiallyImportanceWeighted,
        ],
    )
    def test_second_passes_of_training_have_the_decoders_dropout(self, flat, objective):
        class Spy(keras.layers.Layer):
            def call(self, inputs, training=None):
                modes.append(training)
                return inputs

        modes = []

        made = objective(2, 2) if objective is tfvae.objectives.PartiallyImportanceWeighted else objective(4)
        decoder = keras.Sequential([keras.layers.Dense(8), Spy()])
        vae = tfvae.VAE(
            tfvae.networks.mlp((8,)), decoder, tfvae.posteriors.Normal(2), tfvae.likelihoods.Bernoulli((64,)),
            objective=made,
        )  # fmt: skip
        modes.clear()
        vae(flat[:4], training=True)
        assert set(modes) == {True}
        modes.clear()
        vae(flat[:4], training=False)
        vae.elbo(flat[:4])
        vae.decode(np.zeros((1, 2)))
        assert set(modes) == {False}

    def test_pseudo_inputs_meet_the_batch_statistics_of_training(self, flat):
        encoder = keras.Sequential([keras.layers.Dense(8), keras.layers.BatchNormalization()])
        vae = tfvae.zoo.vamp_vae((64,), latent_dim=2, num_components=4, encoder=encoder)
        with tf.GradientTape() as tape:
            out = vae(flat[:16], training=True)
            loss = tf.reduce_sum(out["loss"])
        assert np.isfinite(loss)
        assert tape.gradient(loss, encoder.layers[0].kernel.value) is not None


class TestCallbacks:
    @pytest.mark.parametrize(
        ("monitor", "mode"), [("val_elbo", "max"), ("rate", "min"), ("val_bound", "max")]
    )
    def test_the_direction_of_each_term_is_known(self, flat, monitor, mode, tmp_path):
        vae = tfvae.zoo.iwae((64,), latent_dim=2, num_samples=2)
        callbacks = [
            keras.callbacks.EarlyStopping(monitor, patience=1),
            keras.callbacks.ReduceLROnPlateau(monitor),
            keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor, save_best_only=True),
        ]
        vae.fit(flat[:128], epochs=3, validation_split=0.25, callbacks=callbacks, verbose=0)
        assert {callback.mode for callback in callbacks} == {mode}
        assert (tmp_path / "best.keras").exists()

    def test_metrics_names_pair_with_the_values_of_evaluate(self, small_vae, flat):
        vae = small_vae()
        vae.compile()
        named = vae.evaluate(flat[:64], verbose=0, return_dict=True)
        assert vae.metrics_names == ["loss", "distortion", "elbo", "rate"]
        assert dict(zip(vae.metrics_names, vae.evaluate(flat[:64], verbose=0), strict=True)) == named

    def test_a_loss_that_is_nan_ends_training(self, flat, tmp_path):
        vae = tfvae.zoo.vae((64,), latent_dim=2)
        vae.compile(keras.optimizers.SGD(1e30))
        saved = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
        with pytest.raises(
            FloatingPointError, match=r"by step \d+ of epoch \d+: loss is (nan|inf), .*learning rate"
        ):
            vae.fit(flat[:320], epochs=9, callbacks=[saved], verbose=0)
        for path in tmp_path.iterdir():
            again = keras.saving.load_model(path)
            assert all(np.isfinite(weight).all() for weight in again.get_weights())

    def test_what_has_no_meaning_is_answered_in_one_line(self, small_vae, flat):
        vae = small_vae()
        with pytest.raises(InvalidInput, match=r"class_weight: expected none, .*sample_weight"):
            vae.fit(flat, class_weight={0: 1.0}, verbose=0)
        with pytest.raises(InvalidInput, match=r"metrics: expected none, .*terms"):
            vae.compile(metrics=["mse"])
        with pytest.raises(InvalidInput, match="loss: expected none, as the model's objective is the loss"):
            vae.compile(loss="mse")

    def test_a_table_that_is_not_standardized_is_warned_of(self):
        rng = np.random.default_rng(0)
        x = np.stack([rng.normal(size=200), rng.normal(2e5, 1e4, 200), rng.normal(size=200)], axis=1)
        vae = tfvae.zoo.vae((3,), latent_dim=2)
        with pytest.warns(UserWarning, match=r"x: columns 1 have values around [\d.]+e\+05.*Standardize"):
            vae.fit(x, verbose=0)


class TestSources:
    def generator(self, flat):
        for start in range(0, 96, 32):
            yield flat[start : start + 32]

    @pytest.mark.parametrize("spec", [None, tf.TensorSpec(None, tf.float32), tf.TensorSpec((None, None))])
    def test_a_data_set_that_knows_no_shape(self, small_vae, flat, spec):
        arguments = {"output_types": tf.float32} if spec is None else {"output_signature": spec}
        data = tf.data.Dataset.from_generator(lambda: self.generator(flat), **arguments)
        vae = small_vae()
        vae.fit(data, epochs=2, validation_data=data, verbose=0)
        assert _steps(vae) == 6
        expected = vae.predict(flat[:96], verbose=0)["latent"]
        np.testing.assert_allclose(vae.predict(data, verbose=0)["latent"], expected, atol=1e-6)

    @pytest.mark.parametrize("function", [tf.numpy_function, tf.py_function])
    def test_a_function_of_numpy_in_the_pipeline(self, small_vae, flat, function):
        data = tf.data.Dataset.from_tensor_slices(flat[:64]).batch(32)
        data = data.map(
            lambda x: (
                function(np.asarray, [x], tf.float32),
                0.0,
                function(lambda v: v[:, 0] * 0 + 1, [x], tf.float32),
            )
        )
        vae = small_vae()
        vae.fit(data, verbose=0)
        assert _steps(vae) == 2

    def test_a_generator_of_batches(self, small_vae, flat):
        vae = small_vae()
        vae.fit(self.generator(flat), verbose=0)
        assert _steps(vae) == 3

        def wrong():
            yield flat[:32]
            yield flat[:32] + 2.0

        with pytest.raises(InvalidInput, match=r"x: expected .*\[0, 1\].*, received values from 2 to 3"):
            vae.fit(wrong(), verbose=0)

    def test_a_py_dataset(self, small_vae, flat):
        class Rows(keras.utils.PyDataset):
            def __len__(self):
                return 5

            def __getitem__(self, index):
                return flat[16 * index : 16 * index + 16], np.zeros(16), np.ones(16)

        vae = small_vae()
        vae.fit(Rows(), epochs=2, validation_data=Rows(), verbose=0)
        assert _steps(vae) == 10
        assert len(vae.evaluate(Rows(), verbose=0)) == 4

    def test_masked_arrays_are_missing_values(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(64, 4)).astype("float32")
        mask = rng.random(values.shape) < 0.2
        vae = tfvae.zoo.miwae((4,), latent_dim=2)
        holes = np.where(mask, np.nan, values)
        masked = np.ma.masked_array(np.where(mask, 1e20, values), mask)
        np.testing.assert_array_equal(vae.elbo(masked), vae.elbo(holes))
        vae.fit(masked, verbose=0)
        with pytest.raises(InvalidInput, match="x: expected finite numbers, received"):
            tfvae.zoo.vae((4,)).fit(masked, verbose=0)

    def test_sparse_matrices_are_answered_by_name(self, small_vae, flat):
        from scipy import sparse

        with pytest.raises(InvalidInput, match=r"x: expected a dense array \(.toarray\(\) makes one\)"):
            small_vae().fit(sparse.csr_matrix(flat), verbose=0)


class TestInsideAGraph:
    """What reads arrays also takes tensors of a graph: in `tf.function`, `Dataset.map`, a train step."""

    def test_in_a_function(self, small_vae, flat):
        vae = small_vae()

        @tf.function(input_signature=[tf.TensorSpec(None, tf.float32)])
        def both(x):
            return (
                vae.elbo(x, seed=3),
                vae.encode(x).mean(),
                vae.log_likelihood(x, num_samples=8),
                vae.reconstruct(x),
            )

        elbo, mean, log_likelihood, mean_x = both(flat[:16])
        np.testing.assert_allclose(mean, vae.encode(flat[:16]).mean(), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(mean_x, vae.reconstruct(flat[:16]), rtol=1e-5, atol=1e-6)
        assert elbo.shape == (16,)
        assert np.isfinite(log_likelihood).all()

    def test_in_a_pipeline(self, small_vae, flat):
        vae = small_vae()
        data = tf.data.Dataset.from_tensor_slices(flat[:64]).batch(16).map(lambda x: vae.elbo(x))
        assert np.concatenate(list(data.as_numpy_iterator())).shape == (64,)

    def test_in_a_train_step_of_ones_own(self, flat):
        class Own(tfvae.VAE):
            def train_step(self, data):
                x = keras.utils.unpack_x_y_sample_weight(data)[0]
                with tf.GradientTape() as tape:
                    loss = -tf.reduce_mean(self.trace(x, seed=1).elbo)
                variables = self.trainable_variables
                self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
                return {"mine": loss}

        vae = Own(
            tfvae.networks.mlp((8,)), tfvae.networks.mlp((8,)), tfvae.posteriors.Normal(2),
            tfvae.likelihoods.Bernoulli((64,)),
        )  # fmt: skip
        history = vae.fit(flat, epochs=3, verbose=0).history["mine"]
        assert history[-1] < history[0]

    def test_as_a_layer_of_a_functional_model(self, small_vae, flat):
        vae = small_vae()
        inputs = keras.Input((64,))
        model = keras.Model(inputs, vae(inputs)["loss"])
        assert model.predict(flat[:5], verbose=0).shape == (5,)


class TestArgumentsAfterwards:
    def test_of_an_objective_are_fixed_once_it_is_in_a_model(self, small_vae):
        vae = small_vae(objective=tfvae.objectives.ELBO())
        with pytest.raises(InvalidInput, match=r"beta: expected .*tfvae\.schedules.*, received .*Constant"):
            vae.objective.beta = 2.0

    def test_before_that_a_number_is_taken_as_a_schedule(self, small_vae, flat):
        objective = tfvae.objectives.ELBO()
        objective.beta = 0.0
        vae = small_vae(objective=objective)
        out = vae(flat[:8], training=True)
        np.testing.assert_allclose(out["loss"], out["terms"]["distortion"])


class TestSaving:
    def test_a_subclass_with_keyword_arguments_of_its_parent(self, flat, tmp_path):
        @keras.saving.register_keras_serializable("tests")
        class Small(tfvae.VAE):
            def __init__(self, size, **kwargs):
                super().__init__(
                    tfvae.networks.mlp((size,)), tfvae.networks.mlp((size,)), tfvae.posteriors.Normal(2),
                    tfvae.likelihoods.Bernoulli((64,)), **kwargs,
                )  # fmt: skip

        vae = Small(8, objective=tfvae.objectives.ELBO(beta=3.0), seed=4, name="mine")
        vae.fit(flat[:64], verbose=0)
        vae.save(tmp_path / "vae.keras")
        again = keras.saving.load_model(tmp_path / "vae.keras")
        assert (type(again), again.name, again.seed) == (Small, "mine", 4)
        assert again.objective.beta.value == 3.0
        np.testing.assert_array_equal(again.elbo(flat[:8]), vae.elbo(flat[:8]))

    def test_a_layer_that_cannot_be_made_again_is_found_when_it_is_saved(self, tmp_path):
        class Scaled(keras.layers.Layer):
            def __init__(self, table):
                super().__init__()
                self.table = table

            def call(self, inputs):
                return inputs

        encoder = keras.Sequential([keras.layers.Dense(4), Scaled(object())])
        vae = tfvae.zoo.vae((64,), encoder=encoder)
        with pytest.raises(InvalidInput, match=r"layer 'scaled.*' of class Scaled: expected .*get_config"):
            vae.save(tmp_path / "vae.keras")
        assert not (tmp_path / "vae.keras").exists()

    def test_a_layer_whose_configuration_lacks_an_argument_is_found_too(self, tmp_path):
        class Shifted(keras.layers.Layer):
            def __init__(self, by, **kwargs):
                super().__init__(**kwargs)
                self.by = by

            def get_config(self):
                return super().get_config()

            def call(self, inputs):
                return inputs + self.by

        vae = tfvae.zoo.vae((64,), encoder=keras.Sequential([keras.layers.Dense(4), Shifted(1.0)]))
        with pytest.raises(InvalidInput, match=r"layer 'shifted.*' of class Shifted: expected .*'by'"):
            vae.save(tmp_path / "vae.keras")


def test_weights_in_float16_are_warned_of():
    keras.config.set_dtype_policy("float16")
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    with pytest.warns(UserWarning, match="float16 train to NaN; use a policy with weights in float32"):
        vae.compile()
