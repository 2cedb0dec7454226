"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): clothes, from EDGE_ADAPT_DATA."""

from __future__ import annotations

from edge_adapt.streams._idx_stream import IdxStream


class FashionMnist(IdxStream):
    """Clothes of 28x28 pixels."""

    file_name = 'fashion_mnist.npz'
    class_names = (
        't-shirt',
        'trouser',
        'pullover',
        'dress',
        'coat',
        'sandal',
        'shirt',
        'sneaker',
        'bag',
        'ankle boot',
    )
