"""A model's page in a real browser: Python's numbers, no requests to other hosts, every kind of input."""

import numpy as np
import pytest
from PIL import Image

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.export.browser import chromium as browser
from tfvae.export.browser import page as page_module
from tfvae.export.browser import web_runtime
from tfvae.export.endpoints.base import endpoints
from tfvae.export.result import ExportError

DRAWS = 8
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
CLASSES = [f"digit {index}" for index in range(10)]


@pytest.fixture(scope="module")
def image_page(image_vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "digits"
    tfvae.export.web(
        image_vae, folder, num_samples=DRAWS, title="Digits & <more>", choices={"condition": CLASSES}
    )
    with browser.served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def table_page(table_vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "table"
    tfvae.export.web(table_vae, folder, num_samples=DRAWS, columns=("size", "visits", "kind"))
    with browser.served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    with browser.browser() as started:
        yield started


@pytest.fixture
def visit(chromium):
    """Return a function that opens a page; it fails the test for errors and for requests to elsewhere."""
    errors, contexts = [], []

    def go(address, viewport=DESK, scheme="light", missing=None):
        context = chromium.new_context(viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((address, "data:", "blob:"))
                else errors.append(f"a request to {request.url}")
            ),
        )
        if missing:
            page.route(missing, lambda route: route.fulfill(status=404, body="none"))
        page.goto(address)
        if not missing:
            page.evaluate("window.tfvae.ready")
            page.wait_for_function("document.querySelector('#status').textContent.startsWith('Ready')")
        return page

    yield go
    for context in contexts:
        context.close()
    assert not errors


def answers(model, values):
    """Return the model's outputs for one example, in Python."""
    tensors = {name: np.asarray(value, "float32")[np.newaxis] for name, value in values.items()}
    known = {endpoint.name: endpoint for endpoint in endpoints(model, None, DRAWS)}
    q = model.encode(tensors if len(tensors) > 1 else tensors["x"])
    score = known["score"](*(tensors[name] for name in known["score"].specs))
    return {
        "encode.location": np.ravel(q.mean()),
        "encode.scale": np.ravel(q.stddev()),
        "reconstruct.reconstruction": np.ravel(
            model.reconstruct(tensors if len(tensors) > 1 else tensors["x"])
        ),
        **{f"score.{name}": np.ravel(value) for name, value in score.items()},
    }


def shown(page, key):
    """Return the numbers in the page's text."""
    text = page.locator(f"[data-output='{key}']").text_content()
    return np.array([float(number) for number in text.split(", ")])


def assert_the_page_shows(page, expected):
    for key, value in expected.items():
        np.testing.assert_allclose(shown(page, key), value, rtol=1e-4, atol=1e-4, err_msg=key)
    headline = float(page.locator("#score").text_content())
    assert headline == pytest.approx(expected["score.score"][0], abs=0.0051)


def wait_for_change(page, key, action):
    """Act on the page, and wait until an output changes."""
    before = page.locator(f"[data-output='{key}']").text_content()
    action()
    page.wait_for_function(
        "([key, before]) => document.querySelector(`[data-output='${key}']`).textContent !== before",
        arg=[key, before],
    )


@pytest.mark.browser
class TestNumbers:
    def test_of_images(self, visit, image_page, image_vae, digits):
        page = visit(image_page)
        for index in (0, 5):
            values = {"x": digits[index], "condition": np.eye(10)[index]}
            listed = {name: np.ravel(value).tolist() for name, value in values.items()}
            received = page.evaluate("(values) => window.tfvae.show(values)", listed)
            expected = answers(image_vae, values)
            for key, value in expected.items():
                endpoint, name = key.split(".")
                np.testing.assert_allclose(received[endpoint][name], value, rtol=1e-4, atol=1e-4)
            assert_the_page_shows(page, expected)
            assert page.locator("select").input_value() == str(index)

    def test_of_a_mixed_table_with_missing_values(self, visit, table_page, table_vae):
        page = visit(table_page)
        fields = page.locator(".field input")
        assert page.locator(".field span").all_text_contents() == ["size", "visits", "kind"]
        for row in ([0.25, 3, 2], [-1.5, 0, np.nan]):
            for field, value in zip(fields.all(), row, strict=True):
                field.fill("" if np.isnan(value) else str(value))
            expected = answers(table_vae, {"x": row})
            page.wait_for_function(
                "(score) => Math.abs(document.querySelector('#score').textContent - score) < 0.006",
                arg=float(expected["score.score"][0]),
            )
            assert_the_page_shows(page, expected)

    def test_each_endpoint_can_be_called(self, visit, image_page, image_vae):
        page = visit(image_page)
        z, condition = [0.5, -1.0, 2.0], np.eye(10)[3].tolist()
        call = "([endpoint, values]) => window.tfvae.run(endpoint, values)"
        mean = page.evaluate(call, ["decode", {"z": z, "condition": condition}])["mean"]
        expected = image_vae.decode([z], {"condition": [condition]}).mean()
        np.testing.assert_allclose(mean, np.ravel(expected), atol=1e-4)
        sample = page.evaluate(call, ["sample", {"noise": z, "condition": condition}])["sample"]
        np.testing.assert_allclose(sample, mean, atol=1e-6)  # p(z) is standard normal: z is its noise
        wrong = {
            "condition: expected 10 numbers, received none": {"z": z},
            "z: expected 3 numbers, received 1": {"z": [1], "condition": condition},
        }
        for message, values in wrong.items():
            with pytest.raises(Exception, match=message):
                page.evaluate(call, ["decode", values])

    def test_the_page_compares_them_itself(self, visit, image_page):
        page = visit(image_page)
        assert page.evaluate("window.tfvae.ready") < 1e-5
        assert "numbers differ from the model\u2019s by at most" in page.locator("#status").text_content()


@pytest.mark.browser
class TestImage:
    def test_is_drawn_with_the_mouse(self, visit, image_page):
        page = visit(image_page)
        wait_for_change(page, "encode.location", page.get_by_role("button", name="Clear").click)
        box = page.locator("canvas.draws").bounding_box()
        left, top, side = box["x"], box["y"], box["width"]

        def stroke():
            page.mouse.move(left + 0.2 * side, top + 0.5 * side)
            page.mouse.down()
            page.mouse.move(left + 0.8 * side, top + 0.5 * side, steps=4)
            page.mouse.up()

        wait_for_change(page, "encode.location", stroke)
        ink = self.pixels(page)
        assert ink[3:5, 2:6].min() > 100
        assert ink[:2].max() == 0
        page.get_by_role("checkbox", name="Erase").check()
        wait_for_change(page, "encode.location", stroke)
        assert self.pixels(page)[3:5, 2:6].max() < 60

    def test_is_drawn_with_the_keyboard(self, visit, image_page):
        page = visit(image_page)
        wait_for_change(page, "encode.location", page.get_by_role("button", name="Clear").click)
        page.locator("canvas.draws").focus()
        for _ in range(9):  # stops at the edge
            page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
        wait_for_change(page, "encode.location", lambda: page.keyboard.press("Space"))
        ink = self.pixels(page)
        assert np.unravel_index(ink.argmax(), ink.shape) == (3, 0)
        wait_for_change(page, "encode.location", lambda: page.keyboard.press("Delete"))
        assert self.pixels(page).max() == 0

    def test_is_opened_from_a_file_and_averaged(self, visit, image_page, tmp_path):
        """Only the center of a wide image is used; each of its quarters has one gray value."""
        page = visit(image_page)
        grays = np.array([[0, 85], [170, 255]], "uint8")
        image = np.full((64, 128), 30, "uint8")
        image[:, 32:96] = grays.repeat(32, 0).repeat(32, 1)
        Image.fromarray(image).save(tmp_path / "image.png")
        chosen = page.get_by_label("Open an image", exact=True)
        wait_for_change(page, "encode.location", lambda: chosen.set_input_files(tmp_path / "image.png"))
        np.testing.assert_allclose(self.pixels(page), grays.repeat(4, 0).repeat(4, 1), atol=1)

    def test_of_another_kind_of_file_is_rejected_on_the_page(self, visit, image_page, tmp_path):
        page = visit(image_page)
        (tmp_path / "notes.png").write_text("no image")
        page.get_by_label("Open an image", exact=True).set_input_files(tmp_path / "notes.png")
        page.get_by_role("alert").wait_for()
        assert "notes.png: expected an image" in page.get_by_role("alert").text_content()
        wait_for_change(page, "score.score", page.get_by_role("button", name="Invert").click)
        assert not page.get_by_role("alert").is_visible()

    @staticmethod
    def pixels(page):
        """The red values of the drawn canvas."""
        script = "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, 8, 8).data)"
        return np.array(page.locator("canvas.draws").evaluate(script)).reshape(8, 8, 4)[..., 0]


@pytest.mark.browser
class TestPage:
    def test_sliders_decode(self, visit, image_page, image_vae):
        page = visit(image_page)
        location = shown(page, "encode.location")
        slider = page.get_by_label("z 1", exact=True)
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.locator("[data-output='decode.mean']").wait_for(state="attached")
        z = location.copy()
        z[1] = float(slider.input_value())
        assert z[1] > location[1]
        expected = image_vae.decode([z], {"condition": np.eye(10)[:1]}).mean()
        np.testing.assert_allclose(shown(page, "decode.mean"), np.ravel(expected), atol=1e-4)
        page.get_by_role("button", name="Back to the input").click()
        page.get_by_text("At the location of q(z|x).").wait_for()
        assert float(slider.input_value()) == pytest.approx(location[1], abs=1e-5)

    def test_draws_from_the_prior_under_the_chosen_condition(self, visit, image_page):
        page = visit(image_page)
        page.get_by_label("condition").select_option("digit 7")
        button = page.get_by_role("button", name="Sample from the prior")
        wait_for_change(page, "encode.location", button.click)
        assert page.get_by_label("condition").input_value() == "7"

    @pytest.mark.parametrize(("field", "typed"), [("visits", "1.5"), ("visits", "-1"), ("kind", "3")])
    def test_a_wrong_number_is_rejected_on_the_page(self, visit, table_page, field, typed):
        page = visit(table_page)
        before = page.locator("#score").text_content()
        page.get_by_label(field).fill(typed)
        page.get_by_role("alert").wait_for()
        assert page.get_by_role("alert").text_content().startswith(f"{field}: expected an integer")
        assert typed in page.get_by_role("alert").text_content()
        assert page.get_by_label(field).get_attribute("aria-invalid") == "true"
        assert page.locator("#score").text_content() == before

    @pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
    def test_fits_its_window_in_both_color_schemes(self, visit, image_page, table_page, viewport):
        for address in (image_page, table_page):
            colors = set()
            for scheme in ("light", "dark"):
                page = visit(address, viewport, scheme)
                assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
                colors.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert len(colors) == 2

    def test_shows_its_title_as_text(self, visit, image_page):
        assert visit(image_page).locator("h1").text_content() == "Digits & <more>"

    @pytest.mark.parametrize("missing", ["**/*.wasm", "**/model.tflite", "**/model.json"])
    def test_a_missing_file_is_an_error_on_the_page(self, chromium, image_page, missing):
        page = chromium.new_page()
        page.route(missing, lambda route: route.fulfill(status=404, body="none"))
        page.goto(image_page)
        page.get_by_role("alert").wait_for()
        assert page.get_by_role("alert").text_content()
        assert page.locator("#status").text_content() == "The model could not be loaded."
        page.close()


class TestFolder:
    @pytest.fixture
    def fast(self, monkeypatch):
        """Without the runtime and the model's file, which need seconds and the network."""
        monkeypatch.setattr(web_runtime, "unpack", lambda target, tarballs: target.mkdir())

        def write(model, path, names, **options):
            path.write_bytes(b"model")
            return tfvae.export.Export(path, 5, {}, 0.0)

        monkeypatch.setattr(page_module, "litert", write)

    def test_that_is_not_empty_is_rejected(self, tmp_path):
        (tmp_path / "mine.txt").touch()
        with pytest.raises(InvalidInput, match=r"folder: expected a new or empty folder, .* holds mine\.txt"):
            tfvae.export.web(tfvae.zoo.vae((4,), latent_dim=2), tmp_path)

    def test_names_that_do_not_fit_are_rejected(self, image_vae, table_vae, tmp_path):
        with pytest.raises(InvalidInput, match="choices: expected 10 names for condition, received"):
            tfvae.export.web(image_vae, tmp_path / "page", choices={"condition": ["a", "b"]})
        with pytest.raises(InvalidInput, match="choices: expected names of inputs, .*'label'"):
            tfvae.export.web(image_vae, tmp_path / "page", choices={"label": CLASSES})
        with pytest.raises(InvalidInput, match="columns: expected a name for each element of x"):
            tfvae.export.web(table_vae, tmp_path / "page", columns=("a", "b"))
        assert not list(tmp_path.iterdir())

    def test_has_all_files_that_the_page_names(self, fast, image_vae, tmp_path):
        tfvae.export.web(image_vae, tmp_path / "page")
        names = {path.name for path in (tmp_path / "page").iterdir()}
        text = (tmp_path / "page" / "index.html").read_text() + (tmp_path / "page" / "app.js").read_text()
        for name in ("app.js", "style.css", "engine.js", "inputs.js", "outputs.js", "model.tflite"):
            assert name in names
            assert name in text
        assert "http" not in text.replace("http://localhost:8000", "").replace("http.server", "").replace(
            "http-equiv", ""
        )

    def test_is_not_written_if_the_export_fails(self, fast, monkeypatch, image_vae, tmp_path):
        def fail(model, path, names, **options):
            path.write_bytes(b"model")
            raise ExportError("it differs")

        monkeypatch.setattr(page_module, "litert", fail)
        with pytest.raises(ExportError, match="it differs"):
            tfvae.export.web(image_vae, tmp_path / "page", num_samples=1)
        assert not list(tmp_path.iterdir())
