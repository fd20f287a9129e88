"""The page of a model in a real browser: Python's numbers, nothing from outside, every way to use it."""

import shutil
import sys

import numpy as np
import pytest
from PIL import Image

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.export.browser import chromium as browser
from tfvae.export.browser import web_runtime
from tfvae.export.browser.page_model import WebModel
from tfvae.export.endpoints.base import endpoints
from tfvae.export.result import ExportError

web_module = sys.modules["tfvae.export.browser.page"]  # whose function has its name
DRAWS = 8
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
CLASSES = [f"digit {index}" for index in range(10)]


@pytest.fixture(scope="module")
def image_vae():
    return tfvae.zoo.cvae((8, 8, 1), condition_dim=10, latent_dim=3)


@pytest.fixture(scope="module")
def table_vae():
    return tfvae.zoo.hi_vae((3,), latent_dim=2, columns=("real", "count", "category:3"))


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

    def go(address, viewport=DESK, scheme="light", refused=None):
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
        if refused:
            page.route(refused, lambda route: route.fulfill(status=404, body="none"))
        page.goto(address)
        if not refused:
            page.evaluate("window.tfvae.ready")
            page.wait_for_function("document.querySelector('#status').textContent.startsWith('Ready')")
        return page

    yield go
    for context in contexts:
        context.close()
    assert not errors


def answers(model, values):
    """What the model itself says of one example, in Python."""
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
    """The numbers that stand in the page's text."""
    text = page.locator(f"[data-output='{key}']").text_content()
    return np.array([float(number) for number in text.split(", ")])


def assert_the_page_says(page, expected):
    for key, value in expected.items():
        np.testing.assert_allclose(shown(page, key), value, rtol=1e-4, atol=1e-4, err_msg=key)
    headline = float(page.locator("#score").text_content())
    assert headline == pytest.approx(expected["score.score"][0], abs=0.0051)


def wait_for_change(page, key, action):
    """Do something to the page, and wait until what it says of the input is another."""
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
            assert_the_page_says(page, expected)
            assert page.locator("select").input_value() == str(index)

    def test_of_a_mixed_table_with_a_gap(self, visit, table_page, table_vae):
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
            assert_the_page_says(page, expected)

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
        for said, values in wrong.items():
            with pytest.raises(Exception, match=said):
                page.evaluate(call, ["decode", values])

    def test_the_page_compares_them_itself(self, visit, image_page):
        page = visit(image_page)
        assert page.evaluate("window.tfvae.ready") < 1e-5
        assert "numbers are the model\u2019s, to within" in page.locator("#status").text_content()


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

    def test_is_a_picture_that_is_averaged(self, visit, image_page, tmp_path):
        """Of twice the width only the middle is taken; each of its quarters has one gray."""
        page = visit(image_page)
        grays = np.array([[0, 85], [170, 255]], "uint8")
        picture = np.full((64, 128), 30, "uint8")
        picture[:, 32:96] = grays.repeat(32, 0).repeat(32, 1)
        Image.fromarray(picture).save(tmp_path / "picture.png")
        chosen = page.get_by_label("Open a picture", exact=True)
        wait_for_change(page, "encode.location", lambda: chosen.set_input_files(tmp_path / "picture.png"))
        np.testing.assert_allclose(self.pixels(page), grays.repeat(4, 0).repeat(4, 1), atol=1)

    def test_that_is_none_is_refused_on_the_page(self, visit, image_page, tmp_path):
        page = visit(image_page)
        (tmp_path / "notes.png").write_text("no picture")
        page.get_by_label("Open a picture", exact=True).set_input_files(tmp_path / "notes.png")
        page.get_by_role("alert").wait_for()
        assert "notes.png: expected a picture" in page.get_by_role("alert").text_content()
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
        wait_for_change(page, "encode.location", page.get_by_role("button", name="Draw one").click)
        assert page.get_by_label("condition").input_value() == "7"

    @pytest.mark.parametrize(("field", "typed"), [("visits", "1.5"), ("visits", "-1"), ("kind", "3")])
    def test_a_wrong_number_is_refused_on_the_page(self, visit, table_page, field, typed):
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

    def test_says_its_title_as_text(self, visit, image_page):
        assert visit(image_page).locator("h1").text_content() == "Digits & <more>"

    @pytest.mark.parametrize("missing", ["**/*.wasm", "**/model.tflite", "**/model.json"])
    def test_a_file_that_does_not_come_is_said(self, chromium, image_page, missing):
        page = chromium.new_page()
        page.route(missing, lambda route: route.fulfill(status=404, body="none"))
        page.goto(image_page)
        page.get_by_role("alert").wait_for()
        assert page.get_by_role("alert").text_content()
        assert page.locator("#status").text_content() == "The model could not be started."
        page.close()


class TestFolder:
    @pytest.fixture
    def made(self, monkeypatch):
        """Without the runtime and the model's file, which take seconds and the network."""
        monkeypatch.setattr(web_runtime, "unpack", lambda target, tarballs: target.mkdir())

        def write(model, path, names, **options):
            path.write_bytes(b"model")
            return tfvae.export.Export(path, 5, {}, 0.0)

        monkeypatch.setattr(web_module, "litert", write)

    def test_that_is_not_empty_is_refused(self, tmp_path):
        (tmp_path / "mine.txt").touch()
        with pytest.raises(InvalidInput, match=r"folder: expected a new or empty folder, .* holds mine\.txt"):
            tfvae.export.web(tfvae.zoo.vae((4,), latent_dim=2), tmp_path)

    def test_names_that_do_not_fit_are_refused(self, image_vae, table_vae, tmp_path):
        with pytest.raises(InvalidInput, match="choices: expected 10 names for condition, received"):
            tfvae.export.web(image_vae, tmp_path / "page", choices={"condition": ["a", "b"]})
        with pytest.raises(InvalidInput, match="choices: expected names of inputs, .*'label'"):
            tfvae.export.web(image_vae, tmp_path / "page", choices={"label": CLASSES})
        with pytest.raises(InvalidInput, match=r"columns: expected a name for each number of \(3,\) in x"):
            tfvae.export.web(table_vae, tmp_path / "page", columns=("a", "b"))
        assert not list(tmp_path.iterdir())

    def test_holds_all_files_the_page_names(self, made, image_vae, tmp_path):
        tfvae.export.web(image_vae, tmp_path / "page")
        names = {path.name for path in (tmp_path / "page").iterdir()}
        text = (tmp_path / "page" / "index.html").read_text() + (tmp_path / "page" / "app.js").read_text()
        for name in ("app.js", "style.css", "engine.js", "inputs.js", "outputs.js", "model.tflite"):
            assert name in names
            assert name in text
        assert "http" not in text.replace("http://localhost:8000", "").replace("http.server", "").replace(
            "http-equiv", ""
        )

    def test_of_a_model_that_fails_is_not_there(self, made, monkeypatch, image_vae, tmp_path):
        def fail(model, path, names, **options):
            path.write_bytes(b"model")
            raise ExportError("it differs")

        monkeypatch.setattr(web_module, "litert", fail)
        with pytest.raises(ExportError, match="it differs"):
            tfvae.export.web(image_vae, tmp_path / "page", num_samples=1)
        assert not list(tmp_path.iterdir())


class TestDescription:
    def test_of_a_tables_columns(self, table_vae):
        about = WebModel.of(table_vae, None, 1).described(table_vae, ("a", "b", "c"), {})["inputs"]["x"]
        assert about["kind"] == "numbers"
        assert about["names"] == ["a", "b", "c"]
        ranges = [(each["low"], each["high"], each["integer"]) for each in about["supports"]]
        assert ranges == [(None, None, False), (0, None, True), (0, 2, True)]
        assert all(each["missing"] for each in about["supports"])

    def test_of_images_of_bytes(self):
        vae = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
        made = WebModel.of(vae, tfvae.export.Pixels((8, 8, 1)), 1)
        (about,) = made.described(vae, (), {})["inputs"].values()
        assert (about["kind"], about["dtype"]) == ("image", "uint8")
        assert about["supports"] == [{"low": 0, "high": 255, "integer": True, "missing": False}]

    def test_of_files_in_the_place_of_images_is_refused(self, tmp_path):
        vae = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
        with pytest.raises(InvalidInput, match=r"preprocessing: expected raw inputs of float32.* of string"):
            tfvae.export.web(vae, tmp_path / "page", preprocessing=tfvae.export.EncodedPixels((8, 8, 1)))
        assert not list(tmp_path.iterdir())

    def test_of_raw_features_is_in_their_units(self):
        vae = tfvae.zoo.linear_vae((64,), latent_dim=2)
        layer = tfvae.data.Standardize(np.full(64, 5.0), np.full(64, 2.0))
        made = WebModel.of(vae, layer, 1)
        plain = WebModel.of(vae, None, 1)
        np.testing.assert_allclose(made.start["x"], 5 + 2 * plain.start["x"], rtol=1e-5)
        np.testing.assert_allclose(
            made.expected["encode/out/location"], plain.expected["encode/out/location"], atol=1e-4
        )

    def test_of_kinds_of_data_that_can_be_missing(self):
        pair = tfvae.zoo.multimodal_vae({"image": (8, 8, 1), "label": (3,)}, latent_dim=2)
        inputs = WebModel.of(pair, None, 1).described(pair, (), {})["inputs"]
        assert [(name, each["kind"]) for name, each in inputs.items()] == [
            ("image", "image"),
            ("label", "numbers"),
        ]
        for each in inputs.values():
            assert each["optional"]
            assert None not in each["start"]
            assert not each["supports"][0]["missing"]  # one number alone is not

    def test_of_latent_ranges(self):
        """Of a standard normal prior 99 % of 512 draws; of a one-hot code, that is constant there, 0 to 1."""
        m2 = tfvae.zoo.semi_supervised_vae((6,), num_classes=3, latent_dim=2)
        low, high = WebModel.of(m2, None, 1).ranges
        np.testing.assert_allclose(low[:2], -2.58, atol=0.6)
        np.testing.assert_allclose(high[:2], 2.58, atol=0.6)
        np.testing.assert_array_equal(low[2:], 0)
        np.testing.assert_array_equal(high[2:], 1)


class TestRuntime:
    def test_a_folder_without_it_is_refused_by_the_files_name(self, tmp_path):
        with pytest.raises(UnreadableFile, match=r"litertjs-core-2\.5\.3\.tgz: expected .*npm pack"):
            web_runtime.unpack(tmp_path / "vendor", tmp_path)

    def test_another_file_of_its_name_is_refused(self, tmp_path):
        (tmp_path / web_runtime.PACKAGES[0].tarball).write_bytes(b"other")
        with pytest.raises(UnreadableFile, match="its SHA-512 is another one"):
            web_runtime.unpack(tmp_path / "vendor", tmp_path)

    def test_without_npm_the_error_says_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        with pytest.raises(ExportError, match=r"npm is not installed.*`npm pack @litertjs/core@2\.5\.3 "):
            web_runtime.unpack(tmp_path / "vendor")

    def test_npm_that_fails_is_quoted(self, tmp_path, monkeypatch):
        npm = tmp_path / "npm"
        npm.write_text("#!/bin/sh\necho npm error code ENOTFOUND >&2\nexit 1\n")
        npm.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        with pytest.raises(ExportError, match=r"npm failed: npm error code ENOTFOUND"):
            web_runtime.unpack(tmp_path / "vendor")
        assert not (tmp_path / "cache").exists()

    @pytest.mark.browser
    def test_is_unpacked_from_a_folder_with_its_license(self, tmp_path, monkeypatch):
        packed = shutil.copytree(web_runtime.cached(), tmp_path / "packed")
        monkeypatch.setenv("PATH", "")
        web_runtime.unpack(tmp_path / "vendor", packed)
        assert (tmp_path / "vendor" / "core" / web_runtime.WASM).is_file()
        assert len(list((tmp_path / "vendor").rglob("*.wasm"))) == 1
        assert "Apache License" in (tmp_path / "vendor" / "LICENSE").read_text()


def test_without_a_browser_the_error_says_how_to_get_one(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/absent/chromium")
    with pytest.raises(ExportError, match=r"CHROMIUM is /absent/chromium.*apt-get install chromium"):
        browser.chromium()
