"""Learning rules transcribed from their equations into numpy, for checking the program.

Nothing here is derived from the program's own code: every function is written from the published
equations (each file names its paper; equation numbers in parentheses are the paper's) and from
the conventions of `trifactor eval`. The functions are slow and literal on purpose. They return a
dict of float64 arrays named as in the output of `trifactor eval`.

Shapes: x (T, n_in), w (n_out, n_in), labels (T) integers; `dw` is added to w and contains eta; w is
frozen: every row of an online `dw` starts from the same w. Rows without a pair or without a full
window are 0.
"""

from transcriptions_competing import competing_batch, competing_lateral, competing_online
from transcriptions_delta import oja_online, readout_batch, readout_online
from transcriptions_hsic_memory import hsic_memory_online
from transcriptions_phsic import layer_response, phsic_gaussian_batch, phsic_gaussian_circuit, phsic_gaussian_online
from transcriptions_phsic_kernels import phsic_cosine_batch, phsic_linear_batch
from transcriptions_reservoir import reservoir_online
from transcriptions_urfb import (urfb_layer_batch, urfb_layer_circuit, urfb_layer_online, urfb_net_batch,
                                 urfb_net_online, urfb_output_batch, urfb_output_circuit, urfb_output_online)

__all__ = [
    "competing_batch", "competing_lateral", "competing_online", "hsic_memory_online", "layer_response", "oja_online",
    "phsic_cosine_batch", "phsic_gaussian_batch", "phsic_gaussian_circuit", "phsic_gaussian_online", "phsic_linear_batch", "readout_batch",
    "readout_online", "urfb_layer_batch", "urfb_layer_circuit", "urfb_layer_online", "urfb_net_batch", "urfb_net_online",
    "urfb_output_batch", "urfb_output_circuit", "urfb_output_online",
]
