// From the numbers of an image [height, width, channels] to pixels on a canvas, and back.

const FINE = 8; // pixels of a file along each side that are averaged into one pixel of the model

// Show numbers between low and high.
export function show(canvas, values, [height, width, channels], low, high) {
  canvas.width = width;
  canvas.height = height;
  const picture = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let part = 0; part < 4; part++) {
      const missing = part === 3 && channels < 4;
      const value = values[pixel * channels + (channels === 1 ? 0 : part)];
      picture.data[4 * pixel + part] = missing ? 255 : (255 * (value - low)) / (high - low); // clamped by the array
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// Return the center of an image file as numbers between low and high; each is the mean of the pixels it covers.
export async function read(file, [height, width, channels], low, high) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name || "the file"}: expected an image (PNG, JPEG, WebP), received ${file.type || "something else"}`);
  }
  const canvas = document.createElement("canvas");
  canvas.width = width * FINE;
  canvas.height = height * FINE;
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.imageSmoothingQuality = "high";
  const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
  const [across, down] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, (canvas.width - across) / 2, (canvas.height - down) / 2, across, down);
  picture.close();
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  const values = new Array(height * width * channels).fill(0);
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const from = 4 * (y * canvas.width + x);
      const to = channels * (Math.floor(y / FINE) * width + Math.floor(x / FINE));
      const [red, green, blue, alpha] = data.slice(from, from + 4);
      const colors = channels === 1 ? [0.299 * red + 0.587 * green + 0.114 * blue] : [red, green, blue, alpha];
      const cover = channels === 4 ? 1 : alpha / 255; // transparent pixels count as black
      for (let part = 0; part < channels; part++) values[to + part] += colors[part] * cover;
    }
  }
  return values.map((sum) => low + ((high - low) * sum) / (255 * FINE * FINE));
}
