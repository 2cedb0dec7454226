"""What is proved: modules, each with the small parameters that the counters of its proof fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw.cosim.build import Parameters

Values = dict[str, int | str]


@dataclass(frozen=True)
class Proof:
    """
    A module with its parameters, and how many cycles the bounded tasks look ahead.

    `free` are parts that may answer anything; what is assumed of them they have proofs of.
    """

    module: str
    parameters: Parameters = field(default_factory=dict)
    bmc_depth: int = 20
    cover_depth: int = 20
    is_inductive: bool = True
    free: tuple[str, ...] = ()

    @property
    def tasks(self) -> dict[str, str]:
        """Return the options of each task."""
        tasks = {'bmc': f'mode bmc\ndepth {self.bmc_depth}'}
        if self.is_inductive:
            tasks['prove'] = 'mode prove\ndepth 4'
        if self.cover_depth:
            tasks['cover'] = f'mode cover\ndepth {self.cover_depth}'
        return tasks

    def told(self, results: Mapping[str, str]) -> dict[str, object]:
        """Return results with how far each looks: cycles, or every reachable state."""
        depths = {'bmc': f'{self.bmc_depth} cycles', 'cover': f'{self.cover_depth} cycles'}
        reaches = {task: depths.get(task, 'induction') for task in results}
        return {'parameters': dict(self.parameters), 'reach': reaches, 'results': dict(results)}


_LAYERS: Values = {'Lanes': 2, 'NLayers': 2, 'Widths': "48'h000200030005"}
_PIXELS: Values = {
    'NLayers': 2,
    'Widths': "48'h000100010001",
    'PixelPlanes': 8,
    'FirstWeightBits': 8,
}
_ENGINE: Values = {'Lanes': 4, 'NLayers': 2, 'Widths': "48'h000100010002", 'NClasses': 2}
_ES: Values = {'NClasses': 3, 'NFeatures': 2, 'NDirections': 2}
_FLIPS: Values = {
    **{'Lanes': 64, 'NClasses': 2, 'NSamples': 2},
    **{'NBeats': 2, 'WeightDepth': 2},
}
_PORT: Values = {
    **{'WeightLanes': 2, 'WeightDepth': 2, 'NNeurons': 2},
    **{'NClasses': 2, 'HeadLanes': 1, 'NFeatures': 2},
}
_CONVOLVED: Values = {'NConvolutions': 2, 'Channels': "48'h000100020001", 'ConvWeightBits': 1}
_LINES: Values = {'Height': 3, 'Width': 3, 'Bits': 2}
_POOL: Values = {'Height': 3, 'Width': 5, 'NOut': 2}
_CONVOLUTION: Values = {'Lanes': 32, 'Height': 2, 'Width': 2, 'NIn': 1, 'NOut': 2}
_FRAMES: Values = {
    **{'Lanes': 4, 'NLayers': 1, 'Height': 1, 'Width': 3},
    **{'Channels': "32'h00020001", 'Pools': "1'b0"},
}
_SGD: Values = {'NClasses': 2, 'NFeatures': 2, 'NSamples': 2, 'Lanes': 16}
_STAT: Values = {'NNeurons': 3, 'NFirst': 2, 'AccBits': 3, 'WindowBits': 2}
# The engine as a whole is only bounded.
PROOFS = {
    'bank_control': Proof('bank_control'),
    'conv_engine': Proof('conv_engine', _FRAMES, free=('conv_layer',)),
    'conv_engine_parted': Proof(
        'conv_engine', _FRAMES | {'Channels': "32'h00080001"}, cover_depth=0, free=('conv_layer',)
    ),
    'conv_layer': Proof('conv_layer', _CONVOLUTION, cover_depth=0),
    'conv_layer_place': Proof(
        'conv_layer', _CONVOLUTION | {'Height': 1, 'Width': 1, 'Pool': "1'b0"}, cover_depth=35
    ),
    'conv_layer_pixels': Proof(
        'conv_layer', _CONVOLUTION | {'PixelPlanes': 8, 'FirstWeightBits': 8}, cover_depth=0
    ),
    'conv_pool': Proof('conv_pool', _POOL, cover_depth=35),
    'conv_pool_alone': Proof('conv_pool', _POOL | {'Pool': "1'b0"}, cover_depth=0),
    'es_samples': Proof('es_samples', {'NSamples': 2, 'NWords': 3, 'Lanes': 2}),
    'es_sequencer': Proof('es_sequencer', _ES, cover_depth=35),
    'es_sequencer_levels': Proof('es_sequencer', _ES | {'ValueBits': 8}),
    'flip_unit': Proof('flip_unit', _FLIPS, cover_depth=60),
    'frame_buffer': Proof('frame_buffer', {'Lanes': 2, 'NBeats': 3}),
    'frame_buffer_word': Proof('frame_buffer', {'Lanes': 2, 'NBeats': 1}, cover_depth=0),
    'head_accumulator': Proof('head_accumulator', {'NClasses': 3, 'NFeatures': 3}),
    'head_sgd': Proof('head_sgd', {'NClasses': 2, 'NFeatures': 2}, cover_depth=45),
    'layer_sequencer': Proof('layer_sequencer', _LAYERS, cover_depth=50),
    'layer_sequencer_pixels': Proof('layer_sequencer', _PIXELS, cover_depth=0),
    'line_buffer': Proof('line_buffer', _LINES, cover_depth=30),
    'network_engine': Proof(
        'network_engine', _ENGINE, bmc_depth=40, cover_depth=0, is_inductive=False
    ),
    'parameter_port': Proof('parameter_port', _PORT, cover_depth=35),
    'parameter_port_convolutions': Proof('parameter_port', _PORT | _CONVOLVED, cover_depth=0),
    'row_loss': Proof('row_loss', {'NClasses': 3}, cover_depth=40),
    'sgd_unit': Proof('sgd_unit', _SGD, cover_depth=35),
    'sgd_unit_words': Proof('sgd_unit', _SGD | {'NFeatures': 3}, cover_depth=0),
    'skid_buffer': Proof('skid_buffer', {'Width': 4}),
    'stat_threshold': Proof('stat_threshold', {'AccBits': 3, 'WindowBits': 2}, cover_depth=35),
    'stat_unit': Proof('stat_unit', _STAT, cover_depth=45),
}
