// The entry of the bundle of one explorer, `copying`, for which the common bundle has no room. It is an anywidget module, too.

import css from "../explorer.css";
import { bring, pictured, rendering } from "../host.js";
import copying from "../copying.js";
import { mount } from "../stage.js";

const mounts = { copying: (figure) => mount(figure, copying) };
bring(mounts, css);

export default { render: rendering(mounts, css, pictured) };
