// A film of samples, computed beforehand: points of the plane on the left, pictures on the right, one slider over both.

import { generator } from "./core.js";
import { ROLES } from "./palette.js";
import { numbers, readMixture } from "./payload.js";
import { choice, range } from "./stage.js";
import { heatMap } from "./view.js";

const GAP = 20;
const TRAIL = 4; // so many frames of a point's way are drawn behind it

export default {
  hint: ({ points, pictures }) => `Drag the slider slowly. When does it become clear what each ${points ? (pictures ? "point, and each picture," : "point") : "picture"} will be?`,
  autoplay: ({ plays }) => plays,
  play: { id: "step", seconds: 5 },

  prepare({ films, frames, points, pictures, mixture, plays }) {
    if (!Array.isArray(films) || !films.length) throw new Error("films are missing");
    numbers([frames], "frames");
    const world = { films, frames, plays, points: Boolean(points), pictures: Boolean(pictures) };
    if (points) {
      const bytes = unpack(points.data, films.length * frames * points.count * 2, "points");
      numbers([points.square], "square");
      const scale = (2 * points.square) / 255;
      world.square = points.square;
      world.cloud = (film, step) => {
        const from = (film * frames + step) * points.count * 2;
        return Float64Array.from({ length: 2 * points.count }, (_, i) => bytes[from + i] * scale - points.square);
      };
      world.data = readMixture(mixture).sample(700, generator(1)).x;
    }
    if (pictures) {
      const [count, channels, height, width] = numbers(pictures.shape, "shape", 4);
      const size = channels * height * width;
      const bytes = unpack(pictures.data, films.length * frames * count * size, "pictures");
      Object.assign(world, { count, channels, height, width });
      world.picture = (film, step, i) => bytes.subarray(((film * frames + step) * count + i) * size, ((film * frames + step) * count + i + 1) * size);
    }
    return world;
  },

  controls: ({ films, frames }) => [
    range("step", "Step", { min: 0, max: frames - 1, value: frames - 1, show: (step) => `${step} of ${frames - 1}` }),
    ...(films.length > 1 ? [choice("film", "Method", films.map((name, i) => [i, name]))] : []),
  ],

  height: (width, state, world) => layout(width, world).height,

  paint(view, { step, film = 0 }, world) {
    const { points, pictures } = layout(view.width, world);
    if (points) {
      const panel = view.panel(points, [-world.square, world.square], [-world.square, world.square]);
      panel.frame();
      panel.points(world.data, { color: ROLES.data, size: 1.4, alpha: view.faint });
      panel.clip(() => {
        for (let back = Math.min(TRAIL, step); back > 0; back--)
          panel.points(world.cloud(film, step - back), { color: ROLES.learned, size: 1.2, alpha: 0.35 / back });
        panel.points(world.cloud(film, step), { color: ROLES.learned, size: 2.2, alpha: 0.85 });
      });
    }
    if (pictures) {
      const { x, y, side, columns } = pictures;
      const { channels, height, width } = world;
      const rgb = (values, i) => (channels === 1 ? Array(3).fill(values[i]) : [0, 1, 2].map((c) => values[c * height * width + i]));
      for (let i = 0; i < world.count; i++) {
        const values = world.picture(film, step, i);
        const box = { x: x + (i % columns) * side, y: y + Math.floor(i / columns) * side, w: side - 4, h: side - 4 };
        const places = Array.from({ length: height * width }, (_, place) => place);
        const panel = view.panel(box, [0, 1], [0, 1]);
        panel.heat(heatMap(places, height, width, (place) => [...rgb(values, place), 255]));
        panel.frame();
      }
    }
  },

  say: ({ step, film = 0 }, { frames, films }) => {
    const what = step === 0 ? "pure noise" : step === frames - 1 ? "the finished samples" : "between noise and data";
    return `${films.length > 1 ? `${films[film]}: s` : "S"}tep ${step} of ${frames - 1}, ${what}.`;
  },
};

function unpack(text, count, name) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (bytes.length !== count) throw new Error(`${name} holds ${bytes.length} values instead of ${count}`);
  return bytes;
}

/** Two squares beside each other, which a phone has too; alone, one of them stands in the middle. */
function layout(width, { square, count }) {
  const both = square && count;
  const side = both ? Math.min((width - GAP) / 2, 230) : Math.min(width, 400);
  const left = (width - (both ? 2 * side + GAP : side)) / 2;
  const columns = Math.ceil(Math.sqrt(count || 1));
  return {
    points: square ? { x: left, y: 2, w: side, h: side } : null,
    pictures: count ? { x: both ? left + side + GAP : left, y: 2, side: side / columns, columns } : null,
    height: side + 6,
  };
}
