"""Numerical tools with which transcriptions check themselves."""

import numpy as np


def complex_step(function, point, step=1e-30):
    """Derivative of a real analytic function at every entry of `point`: Im f(point + i step) / step.

    There is no subtraction, hence no cancellation: exact to rounding.
    """
    derivative = np.zeros(point.shape)
    for index in np.ndindex(*point.shape):
        moved = point.astype(complex)
        moved[index] += 1j * step
        derivative[index] = function(moved).imag / step
    return derivative


def assert_close(what, first, second, tolerance=1e-11):
    difference = np.max(np.abs(first - second))
    scale = max(np.max(np.abs(first)), np.max(np.abs(second)))
    # The small absolute part is for derivatives that vanish but for rounding.
    assert difference <= tolerance * scale + 1e-15, f"{what}: differ by {difference:g}, scale {scale:g}"
