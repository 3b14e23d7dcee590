r"""min-SNR for the net you have

Min-SNR weighs the square error of the data estimate by $\min(\mathrm{SNR}, \gamma)$. Your loss is a square error of
$\varepsilon$, or of $v$. By which factor must you multiply each, on a VP path?

Hint: Divide by the weight that the plain loss has already.
"""

import torch

from classroom.exercises import Exercise, Mistake


# --- stub
def factors(snr, gamma):
    """snr: (B,). The factors of eps-loss and v-loss, each (B,)."""
    return ...


# --- solution
def solution(snr, gamma):
    clamped = snr.clamp(max=gamma)
    return clamped / snr, clamped / (snr + 1)


# --- checker
check = Exercise(
    solution,
    lambda g: [(torch.logspace(-2, 2, 30, dtype=torch.float64), 5.0)],
    see="03_what_the_net_predicts: What the loss measures",
    mistakes={
        "not divided": Mistake(
            lambda snr, gamma: (snr.clamp(max=gamma),) * 2,
            "That is the weight of an error of x0. The plain losses of eps and v weigh it by SNR and SNR + 1 already.",
        ),
        "v divided as eps": Mistake(
            lambda snr, gamma: (snr.clamp(max=gamma) / snr,) * 2,
            "The plain v-loss weighs the error of x0 by SNR + 1, not by SNR.",
        ),
        "the maximum": Mistake(
            lambda snr, gamma: (snr.clamp(min=gamma) / snr, snr.clamp(min=gamma) / (snr + 1)),
            "Clamp from above: the clean levels, where SNR is large, are to be held back.",
        ),
        "gamma on the amplitude": Mistake(
            lambda snr, gamma: (snr.clamp(max=gamma**2) / snr, snr.clamp(max=gamma**2) / (snr + 1)),
            "SNR is a ratio of squares already. It is clamped at gamma itself.",
        ),
        "the clamp last": Mistake(
            lambda snr, gamma: (torch.ones_like(snr), (snr / (snr + 1)).clamp(max=gamma)),
            "Clamp the SNR before you divide. Afterwards nothing is left that exceeds gamma.",
        ),
    },
)
