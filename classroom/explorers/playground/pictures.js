// A file that the reader drops or chooses, as points.

import { element } from "../stage.js";
import { fromMask, threshold } from "./raster.js";

const LARGEST = 20e6; // bytes of a file that is opened
const SIDE = 240; // pixels of the longer side that are looked at

/** The cloud of a picture in a file. Throws a sentence. */
export async function pictured(file) {
  if (!file) throw new Error("Nothing was dropped that is a file. Drop a picture.");
  if (file.size > LARGEST) throw new Error(`This file has ${Math.round(file.size / 1e6)} MB, more than the ${LARGEST / 1e6} MB that are opened. Choose a smaller picture.`);
  const url = URL.createObjectURL(file);
  try {
    const image = element("img", { src: url });
    await image.decode().catch(() => {
      throw new Error("This file is no picture that the browser can read. Choose a PNG, JPEG or SVG.");
    });
    const scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight, 1));
    const [width, height] = [image.naturalWidth, image.naturalHeight].map((side) => (side ? Math.max(1, Math.round(side * scale)) : 0));
    if (!width || !height) return threshold(new Uint8ClampedArray(0), width, height); // which says so
    const context = element("canvas", { width, height }).getContext("2d");
    context.drawImage(image, 0, 0, width, height);
    return fromMask(threshold(context.getImageData(0, 0, width, height).data, width, height));
  } finally {
    URL.revokeObjectURL(url);
  }
}
