"""MNIST (LeCun, Cortes and Burges): handwritten digits, from EDGE_ADAPT_DATA."""

from __future__ import annotations

from edge_adapt.streams._idx_stream import IdxStream


class Mnist(IdxStream):
    """Handwritten digits of 28x28 pixels."""

    file_name = 'mnist.npz'
    class_names = tuple('0123456789')
