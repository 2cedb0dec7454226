r"""
The native kernels without Python: under sanitizers, on an emulated ARM, as emulated AVX-512.

The reference writes the networks and their answers to a file; golden_main.cpp runs them. By hand:

    aarch64-linux-gnu-g++ -O2 -std=c++17 -ffp-contract=off -static -I CPP \
        golden_main.cpp CPP/*.cpp (without the glue to Python)
    qemu-aarch64-static golden_main neon golden.bin
"""

from collections.abc import Callable
from itertools import product
from pathlib import Path
import shutil
import subprocess

from edge_adapt import native
from edge_adapt.engines import popcount
from edge_adapt.engines._program import Program
from edge_adapt.engines.reference import Reference
from edge_adapt.networks.float_layers import (
    DepthwiseConvolution,
    FloatConvolution,
    GlobalMean,
    Relu,
    Scale,
    Sign,
    SlidingMax,
)
from edge_adapt.networks.layers import (
    Add,
    Convolution,
    Dense,
    Head,
    Layer,
    MaxPool,
    Quantize,
    Threshold,
)
from edge_adapt.networks.network import Network
from edge_adapt.population import score_heads_in_numpy
from edge_adapt.records import Weights
import numpy as np
import pytest

MakeWeights = Callable[..., Weights]

HERE = Path(__file__).parent
CPP = Path(native.__file__).parent / 'engines' / 'cpp'
GLUE = ('module', 'learning', 'watching')  # to Python, which is not there under an emulator
N_IMAGES = 2
SANITIZERS = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']


def golden_networks() -> list[Network]:
    """Odd sizes, widths beside 64, strides, borders, both pool orders, taps everywhere."""
    networks = []
    for size, width, border, pool_first in product(
        (7, 12), (64, 100, 128), (1, -1), (True, False)
    ):
        layers: list[Layer] = [
            Convolution(name='a', n_in=3, n_out=width, zero_point=100),
            Threshold(name='a_bits', n=width),
            Convolution(name='b', n_in=width, n_out=72, border=border),
        ]
        pool, bits = MaxPool(name='pool'), Threshold(name='b_bits', n=72)
        layers += [pool, bits] if pool_first else [bits, pool]
        side = size // 2
        layers += [
            Convolution(name='c', n_in=72, n_out=65, stride=2, border=-border),
            Convolution(
                name='d',
                n_in=72,
                n_out=65,
                kernel=1,
                padding=0,
                stride=2,
                sources=(layers[-1].name,),
            ),
            Add(name='sum', sources=('c', 'd')),
            Threshold(name='sum_bits', n=65),
            Dense(name='e', n_in=65 * ((side + 1) // 2) ** 2, n_out=130),
            Threshold(name='e_bits', n=130),
            Head(name='head', n_in=130, n_classes=7),
        ]
        networks.append(Network('golden', (size, size, 3), tuple(layers), tuple('abcdefg')))
    dense = (
        Dense(name='a', n_in=784, n_out=100, zero_point=7),
        Threshold(name='a_bits', n=100),
        Dense(name='b', n_in=100, n_out=256),
        Threshold(name='b_bits', n=256),
        Head(name='head', n_in=256, n_classes=10),
    )
    networks += [
        residual_network(*each) for each in ((8, 1, 0), (20, -1, 1), (64, 0, 0), (70, 0, 1))
    ]
    return [*networks, Network('dense', (28, 28, 1), dense, tuple('0123456789'))]


def residual_network(n: int, border: int, extra: int) -> Network:
    """Every layer of floats, and borders of 0."""
    layers = (
        Scale(name='normal', n=3),
        FloatConvolution(name='stem', n_in=3, n_out=n, kernel=3, stride=2, extra_padding=extra),
        Sign(name='bits'),
        Convolution(name='long', n_in=n, n_out=n, border=border, extra_padding=extra, stride=2),
        Relu(name='relu'),
        Scale(name='scaled', n=n),
        SlidingMax(name='maxima', size=3, stride=1, padding=1, sources=('stem',)),
        DepthwiseConvolution(
            name='short', n=n, kernel=3, stride=2, padding=1, extra_padding=extra
        ),
        Add(name='sum', sources=('short', 'scaled')),
        Relu(name='more'),
        GlobalMean(name='mean'),
        Quantize(name='levels', n=n),
        Head(name='head', n_in=n, n_classes=9),
    )
    return Network('residual', (13, 13, 3), layers, tuple('abcdefghi'))


def limit_tensors(layer: Layer) -> tuple[str, str | None]:
    """Return the tensors that a step compares with or adds."""
    return popcount._LIMITS.get(type(layer), ('bias', None))


def golden_case(network: Network, taps: tuple[str, ...], weights: Weights) -> bytes:
    program = Program(network, taps)
    shape = (N_IMAGES, *network.input_shape)
    images = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    outcome = Reference().prepare(network, weights)(images, taps)
    chunks = []

    def say(*numbers: int) -> None:
        chunks.append(np.array(numbers, np.int32).tobytes())

    for table in (program.values, program.steps, program.tap_ids):
        say(len(table), *table.reshape(-1))
    say(len(program.weights))
    for step, tensor in program.weights.items():
        say(step, tensor.layout, *tensor.shape)
        chunks.append(weights[tensor.name].tobytes())
    say(len(program.limits))
    for step, layer in program.limits.items():
        first, second = limit_tensors(layer)
        limits = weights[f'{layer.name}.{first}']
        say(step, len(limits))
        chunks.append(limits.tobytes())
        if second:
            chunks.append(weights[f'{layer.name}.{second}'].tobytes())
        elif isinstance(layer, Head):
            chunks.append(bytes(len(limits)))
    say(N_IMAGES)
    chunks += [images.tobytes(), outcome.logits.tobytes()]
    chunks += [outcome.taps[name].tobytes() for name in taps]
    return b''.join(chunks)


def golden_population(n_heads: int, n_classes: int, n_inputs: int, n_samples: int) -> bytes:
    rng = np.random.default_rng(n_inputs)
    heads = rng.integers(-128, 128, (n_heads, n_classes, n_inputs)).astype(np.int8)
    biases = rng.integers(-999, 999, (n_heads, n_classes)).astype(np.int32)
    features = rng.choice(np.array([-1, 1], np.int8), (n_samples, n_inputs))
    labels = rng.integers(0, n_classes, n_samples)
    sizes = np.array([n_heads, n_classes, n_inputs, n_samples], np.int32)
    scores = score_heads_in_numpy(heads, biases, features, labels)
    return b''.join(a.tobytes() for a in (sizes, heads, biases, features, labels, *scores))


@pytest.fixture(scope='module')
def golden(tmp_path_factory: pytest.TempPathFactory, random_weights: MakeWeights) -> Path:
    cases = []
    for seed, network in enumerate(golden_networks()):
        weights = random_weights(network, seed)
        everything = tuple(layer.name for layer in network.layers)
        tapped = ((), everything[1:2], everything)
        cases += [golden_case(network, taps, weights) for taps in tapped]
    sizes = ((3, 10, 256, 40), (2, 43, 100, 17), (4, 2, 601, 33))
    populations = [golden_population(*each) for each in sizes]
    path = tmp_path_factory.mktemp('golden') / 'golden.bin'
    counts = (np.int32(len(chunks)).tobytes() for chunks in (cases, populations))
    path.write_bytes(b''.join([next(counts), *cases, next(counts), *populations]))
    return path


def build(target: Path, compiler: str, *flags: str) -> Path:
    """Compile golden_main with all kernels; skip where there is no such compiler."""
    if shutil.which(compiler) is None:
        pytest.skip(f'there is no {compiler} on this machine')
    sources = [path for path in sorted(CPP.glob('*.cpp')) if path.stem not in GLUE]
    command: list[str | Path] = [
        compiler,
        '-std=c++17',
        '-O2',
        '-ffp-contract=off',  # as setup.py: a fused multiply-add rounds differently
        *flags,
        f'-I{CPP}',
        HERE / 'golden_main.cpp',
    ]
    subprocess.run([*command, *sources, '-o', target], check=True, timeout=600)
    return target


def outcome_of(*command: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return f'{done.returncode}: {done.stdout}{done.stderr}'


ALL_EQUAL = '0: 87 networks, 3 populations, 0 wrong\n'


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_kernel_leaves_its_memory_or_the_language(golden: Path, tmp_path: Path) -> None:
    program = build(tmp_path / 'sanitized', 'g++', *SANITIZERS)
    for kernel in native.kernels()[:-1]:
        assert outcome_of(program, kernel, golden) == ALL_EQUAL, kernel


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_avx512_gives_the_integers_of_the_reference_through_emulated_instructions(
    golden: Path, tmp_path: Path
) -> None:
    if not Path('/usr/include/simde/x86/avx512.h').exists():
        pytest.skip('there is no SIMDe (Debian: libsimde-dev) on this machine')
    program = build(tmp_path / 'emulated', 'g++', '-O1', '-DEDGE_ADAPT_EMULATED_AVX512')
    assert outcome_of(program, 'avx512', golden) == ALL_EQUAL


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize('kernel', ['neon', 'scalar'])
def test_an_arm_gives_the_integers_of_the_reference(
    kernel: str, golden: Path, tmp_path: Path
) -> None:
    if shutil.which('qemu-aarch64-static') is None:
        pytest.skip('there is no qemu-aarch64-static (Debian: qemu-user-static) on this machine')
    program = build(tmp_path / 'arm', 'aarch64-linux-gnu-g++', '-static')
    assert outcome_of('qemu-aarch64-static', program, kernel, golden) == ALL_EQUAL
