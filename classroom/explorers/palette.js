// Generated from classroom/plots.py by `make explorers`.
export const INK = "#7A7A7A";
export const ROLES = {"data": "#0072B2", "noise": "#E69F00", "noisy": "#CC79A7", "velocity": "#009E73", "oracle": "#56B4E9", "learned": "#D55E00", "floor": "#7A7A7A"};
export const RULES = {"euler": {"color": "#0072B2", "marker": "o", "dash": []}, "heun": {"color": "#009E73", "marker": "s", "dash": [6, 3]}, "rk4": {"color": "#CC79A7", "marker": "^", "dash": [7, 3, 2, 3]}, "ddim": {"color": "#D55E00", "marker": "D", "dash": [2, 3]}, "ancestral": {"color": "#E69F00", "marker": "v", "dash": [9.0, 1.8]}, "ancestral_beta": {"color": "#56B4E9", "marker": "P", "dash": [1.8, 1.8]}, "dpmpp_2m": {"color": "#7A7A7A", "marker": "X", "dash": [5.4, 1.8, 1.8, 1.8]}};
export const SCHEDULES = {"linear": {"color": "#0072B2", "marker": "o", "dash": []}, "cosine": {"color": "#D55E00", "marker": "s", "dash": [9.0, 2.7]}, "scaled linear": {"color": "#009E73", "marker": "^", "dash": [7.2, 1.8, 1.8, 1.8]}};
