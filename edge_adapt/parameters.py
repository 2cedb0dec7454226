"""
Every parameter of every node, declared once, as plain data.

The nodes declare these to ROS, the command line reads its choices from them, and the tables in the
README are made from them.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_adapt.parameter import Parameter, Value

AUTOSTART = Parameter(
    'autostart', True, 'Configure and activate at start; false leaves both to a manager.'
)
WATCHDOG = Parameter(
    'watchdog_s',
    10.0,
    'End the process, to be started again, when it has hung so long, 1 s at least; 0 never does.',
    minimum=0.0,
    maximum=3600.0,
)
COMMON = (AUTOSTART, WATCHDOG)
MODEL = Parameter('model', 'digits', 'Name of a shipped model, or path of a .model file.')
REFERENCE = Parameter(
    'reference',
    '',
    'Clean reference of this camera: a shipped name, or path of a .reference file; empty is the'
    ' one beside the model.',
)
ENGINE = Parameter('engine', 'popcount', 'What runs the network.', room='engines')
REGION = Parameter(
    'region',
    '',
    "Part of the image the network sees: 'x,y,width,height' in pixels; empty is the whole image.",
)
IMAGE_RELIABLE = Parameter(
    'image_reliable',
    False,
    'Ask for reliable images; false is best effort, as REP 2003 says.',
    live=True,
)
IMAGE_DEADLINE = Parameter(
    'image_deadline_s',
    0.0,
    'Ask publishers to promise a frame so often, and tell when they break it; 0 asks nothing.',
    minimum=0.0,
    maximum=3600.0,
    live=True,
)
IMAGE_TRANSPORT = Parameter(
    'image_transport',
    'raw',
    'Listen to image_raw, or to image_raw/compressed.',
    values=('raw', 'compressed'),
)
SEED = Parameter('seed', 0, 'Decides everything that is random.', minimum=0)


def _faults(*kinds: str) -> tuple[Parameter, ...]:
    """Return the parameters that make a node harm itself; off unless a test asks for it."""
    return (
        Parameter(
            'fault_injection.kind',
            'none',
            'A fault the node makes in itself, for tests; it warns at start.',
            values=('none', *kinds),
        ),
        Parameter(
            'fault_injection.after', 0, 'Frames or updates before the fault begins.', minimum=0
        ),
        Parameter(
            'fault_injection.count', 1, 'Frames or updates it lasts; 0 is for ever.', minimum=0
        ),
    )


CAMERA = (
    *COMMON,
    Parameter('stream', 'digits', 'Where the frames come from.', room='streams'),
    Parameter(
        'schedule',
        'clean:300,contrast:450,clean:300',
        "Segments as 'corruption:frames', 'corruption@severity:frames', joined by commas.",
    ),
    Parameter(
        'order',
        'shuffled',
        'Order of the classes: mixed, or in runs as a camera sees them.',
        values=('shuffled', 'runs', 'tracks'),
    ),
    Parameter('bag', '', 'Play this bag instead of the stream; empty is none.'),
    Parameter('loop', False, 'Begin again at the end, as `ros2 bag play --loop` does.'),
    Parameter(
        'publish_clock', False, "Publish the stream's time on /clock, and stamp frames with it."
    ),
    Parameter(
        'rate_hz',
        30.0,
        "Frames a second; 0 is the stream's own rate.",
        minimum=0.0,
        maximum=1000.0,
    ),
    Parameter(
        'label_share', 0.25, 'Share of frames whose label is published.', minimum=0.0, maximum=1.0
    ),
    Parameter(
        'publish_truth', False, 'Publish the true class of every frame on `truth`, for scoring.'
    ),
    Parameter('frame_id', 'camera_optical_frame', 'Frame of the images.'),
    Parameter('n_subscribers', 1, 'Start the stream once so many subscribers listen.', minimum=0),
    SEED,
    Parameter('image_reliable', False, 'Send reliable images; false is best effort.'),
    *_faults('drop', 'freeze', 'nan', 'noise', 'clock_jump', 'stall', 'hang', 'crash'),
)

INFERENCE = (
    *COMMON,
    MODEL,
    REFERENCE,
    ENGINE,
    Parameter('detector', 'class_conditional', 'What notices drift.', room='drift', live=True),
    REGION,
    IMAGE_TRANSPORT,
    IMAGE_RELIABLE,
    IMAGE_DEADLINE,
    Parameter(
        'store', '', 'Folder of the weight store: start with its active version; empty is none.'
    ),
    Parameter(
        'trusted_key',
        '',
        'File of the public key that must have signed every weight update: that of the learner.',
    ),
    Parameter(
        'allow_unsigned', False, 'Take weights that nobody signed: only where you trust all peers.'
    ),
    Parameter(
        'max_updates_hz',
        1.0,
        'Weight updates taken a second, at most; five at once after a calm time.',
        minimum=0.01,
        maximum=1000.0,
    ),
    Parameter(
        'vote_frames',
        0,
        'Publish on `voted` what the last so many frames of a track say together; 0 does not.',
        minimum=0,
        maximum=64,
    ),
    Parameter(
        'tracks',
        'found',
        'How tracks are known: found where the image changes, or told by a tracker on `track`.',
        values=('found', 'told'),
    ),
    Parameter(
        'input_timeout_s',
        2.0,
        'Say so when no frame comes for this long.',
        minimum=0.1,
        maximum=3600.0,
        live=True,
    ),
    Parameter(
        'min_rate_hz',
        0.0,
        'Warn in /diagnostics below this rate of frames; 0 never warns.',
        minimum=0.0,
        maximum=1000.0,
        live=True,
    ),
    *_faults('stall', 'hang', 'crash'),
)

LADDER = (
    'bank@16, recalibration+transform_search+restoration_search@96, head@64, head@192, '
    'recalibration+restoration_search@288, reset@384'
)

ADAPTATION = (
    *COMMON,
    MODEL,
    REFERENCE,
    ENGINE,
    Parameter(
        'ladder',
        LADDER,
        "What is tried after an alarm, cheapest first: 'name@count' joined by commas; count is"
        " frames, or labels where it learns from labels. 'bank' looks up known domains, 'head' is"
        ' the updater below, every other name is an updater; those joined by + compete.',
        live=True,
    ),
    Parameter(
        'updater',
        'row_es',
        'What retrains the head when labels are there.',
        room='updaters',
        live=True,
    ),
    REGION,
    IMAGE_TRANSPORT,
    IMAGE_RELIABLE,
    IMAGE_DEADLINE,
    Parameter('store', '', 'Folder of the weight store; empty makes a temporary one.'),
    Parameter(
        'signing_key', '', 'File of the secret key that signs weights; empty leaves them unsigned.'
    ),
    Parameter(
        'offers_key',
        '',
        'File of the public key that must have signed what comes on `offered_weights`: not the'
        ' key that signs here.',
    ),
    Parameter(
        'allow_unsigned_offers',
        False,
        'Consider offered weights that nobody signed; they are judged too.',
    ),
    Parameter(
        'adapt',
        'cpu',
        'What does the work of the rungs; the accelerator has circuits for row_es and, where'
        ' neurons give bits, for recalibration (by firing rate) and bit_flips, where they give'
        ' levels, for integer_sgd; other rungs stay on the CPU.',
        values=('cpu', 'accelerator'),
    ),
    Parameter('freeze', False, 'Look, but change nothing.', live=True),
    Parameter('min_gain', 0.01, 'Gain in accuracy a candidate must show.', 0.0, 1.0, live=True),
    Parameter(
        'max_step',
        4.0,
        'Largest change of a tensor in one update, in units of its size.',
        minimum=0.0,
        maximum=1000.0,
        live=True,
    ),
    Parameter(
        'max_updates_per_hour',
        60,
        'How often newly learned weights may be promoted, in the time of the frames.',
        minimum=0,
        live=True,
    ),
    Parameter(
        'max_new_classes',
        0,
        'How many classes that the model does not know labels may add; the head grows.',
        minimum=0,
        maximum=256,
    ),
    SEED,
    *_faults('corrupt_weights', 'stall', 'hang', 'crash'),
)

COMPARISON = COMMON

SIGNS = COMMON

NODES: dict[str, tuple[Parameter, ...]] = {
    'camera': CAMERA,
    'inference': INFERENCE,
    'adaptation': ADAPTATION,
    'comparison': COMPARISON,
    'signs': SIGNS,
}
# rclpy declares this one for every node.
USE_SIM_TIME = Parameter('use_sim_time', False, 'Take the time from /clock.')


def known(executable: str) -> dict[str, Parameter]:
    """Return what can be set on a node, by name."""
    return {parameter.name: parameter for parameter in (*NODES[executable], USE_SIM_TIME)}


def chosen_for(executable: str, values: Mapping[str, str]) -> dict[str, Value]:
    """Return those of `values` (name -> text) that the node has, as they are typed."""
    table = known(executable)
    return {name: table[name].parse(text) for name, text in values.items() if name in table}
