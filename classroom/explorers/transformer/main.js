// The entry of the bundle of the transformer at work, which three pages have: it brings it to life, and is an anywidget module.

import css from "../explorer.css";
import attention from "../attention.js";
import { bring, pictured, rendering } from "../host.js";
import { mount } from "../stage.js";

const mounts = { attention: (figure) => mount(figure, attention) };
bring(mounts, css);

export default { render: rendering(mounts, css, pictured) };
