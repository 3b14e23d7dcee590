// Generated from classroom/plots.py by `make explorers`.
export const INK = "#595F69";
export const ROLES = {"data": "#0072B2", "noise": "#C47F00", "noisy": "#C4649B", "velocity": "#00946B", "oracle": "#2F97D3", "learned": "#D55E00", "floor": "#878178"};
export const FAN = [{"color": "#DC2566", "marker": "o"}, {"color": "#7F8A12", "marker": "s"}, {"color": "#8A55E6", "marker": "^"}, {"color": "#0F9A9A", "marker": "D"}, {"color": "#8C6A50", "marker": "v"}];
export const RULES = {"euler": {"color": "#8A55E6", "marker": "o", "dash": []}, "heun": {"color": "#8C6A50", "marker": "s", "dash": [6, 3]}, "rk4": {"color": "#C22BAE", "marker": "^", "dash": [7, 3, 2, 3]}, "ddim": {"color": "#DC2566", "marker": "D", "dash": [2, 3]}, "ancestral": {"color": "#7F8A12", "marker": "v", "dash": [9.0, 1.8]}, "ancestral_beta": {"color": "#4C9A2A", "marker": "P", "dash": [1.8, 1.8]}, "dpmpp_2m": {"color": "#6C7C9C", "marker": "X", "dash": [5.4, 1.8, 1.8, 1.8]}};
export const SCHEDULES = {"linear": {"color": "#5D62F0", "marker": "o", "dash": []}, "cosine": {"color": "#0F9A9A", "marker": "s", "dash": [9.0, 2.7]}, "scaled linear": {"color": "#A0522D", "marker": "^", "dash": [7.2, 1.8, 1.8, 1.8]}};
