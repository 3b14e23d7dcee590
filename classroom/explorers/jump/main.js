// The entry of the bundle of one jump: it brings the explorer to life, and is an anywidget module.

import css from "../explorer.css";
import { bring, pictured, rendering } from "../host.js";
import jump from "../jump.js";
import { mount } from "../stage.js";

const mounts = { jump: (figure) => mount(figure, jump) };
bring(mounts, css);

export default { render: rendering(mounts, css, pictured) };
