"""The only reader and writer of messages: everything behind it is plain records."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from edge_adapt.encodings import compress, decompress, to_array
from edge_adapt.errors import UsageError
from edge_adapt.images import Region, WHOLE
from edge_adapt.records import Detection, Frame, Prediction, U8
import numpy as np
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, UInt8MultiArray
from vision_msgs.msg import (
    Classification,
    LabelInfo,
    ObjectHypothesis,
    VisionClass,
    VisionInfo,
)

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


def stamp_ns(time: Time) -> int:
    """Return nanoseconds."""
    return int(time.sec) * 1_000_000_000 + int(time.nanosec)


def time_from(nanoseconds: int) -> Time:
    """Return the message of a stamp."""
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def header(nanoseconds: int, frame_id: str = '') -> Header:
    """Return a header."""
    return Header(stamp=time_from(nanoseconds), frame_id=frame_id)


def frame_from(message: Image) -> Frame:
    """Return the frame in a message; UsageError says what is wrong with it."""
    image = to_array(
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        is_bigendian=bool(message.is_bigendian),
        step=message.step,
        data=message.data,
    )
    return Frame(image, stamp_ns(message.header.stamp), message.header.frame_id)


def frame_from_compressed(message: CompressedImage) -> Frame:
    """Return the frame in a JPEG or PNG message; UsageError says what is wrong with it."""
    image = decompress(message.format, message.data)
    return Frame(image, stamp_ns(message.header.stamp), message.header.frame_id)


def window_in(message: CameraInfo) -> tuple[Region, tuple[int, int]]:
    """Return the window of the sensor that the camera reads, and its binning (x, y)."""
    roi = message.roi
    binning = max(1, message.binning_x), max(1, message.binning_y)
    if not roi.width or not roi.height:
        return WHOLE, binning
    return Region(roi.x_offset, roi.y_offset, roi.width, roi.height), binning


def image_from(image: U8, stamp: int, frame_id: str) -> Image:
    """
    Return the message of a grey (h, w) or RGB (h, w, 3) image.

    An array of the array module is the one type that rclpy takes over without a copy per byte.
    """
    pixels = array('B')
    pixels.frombytes(np.ascontiguousarray(image).data)
    height, width = image.shape[:2]
    return Image(
        header=header(stamp, frame_id),
        height=height,
        width=width,
        encoding='mono8' if image.ndim == 2 else 'rgb8',
        step=image.size // height,
        data=pixels,
    )


def compressed_from(image: U8, stamp: int, frame_id: str) -> CompressedImage:
    """Return the JPEG message of a grey (h, w) or RGB (h, w, 3) image."""
    format_name, data = compress(image)
    return CompressedImage(
        header=header(stamp, frame_id), format=format_name, data=array('B', data)
    )


def camera_info(image: U8, stamp: int, frame_id: str) -> CameraInfo:
    """Return the size of an image; the camera is not calibrated, which K = 0 says."""
    height, width = image.shape[:2]
    return CameraInfo(header=header(stamp, frame_id), height=height, width=width)


def clock(stamp: int) -> Clock:
    """Return the message of /clock."""
    return Clock(clock=time_from(stamp))


def classification_from(prediction: Prediction, class_names: Sequence[str]) -> Classification:
    """Return the message of a prediction: all classes, the likeliest first."""
    order = sorted(range(len(class_names)), key=lambda i: -prediction.scores[i])
    order.remove(prediction.label)
    results = [
        ObjectHypothesis(class_id=class_names[i], score=float(prediction.scores[i]))
        for i in (prediction.label, *order)
    ]
    return Classification(header=header(prediction.stamp_ns, prediction.frame_id), results=results)


def label_from(label: int, class_names: Sequence[str], stamp: int) -> Classification:
    """Return the message that tells the true class of the frame with that stamp."""
    hypothesis = ObjectHypothesis(class_id=class_names[label], score=1.0)
    return Classification(header=header(stamp), results=[hypothesis])


def class_in(message: Classification) -> str:
    """Return the name of the likeliest class; UsageError where there is none."""
    if not message.results:
        raise UsageError('the classification has no results')
    return str(message.results[0].class_id)


def label_in(message: Classification, class_names: Sequence[str]) -> int:
    """Return the class index in a message; UsageError where nobody knows that class."""
    name = class_in(message)
    if name not in class_names:
        raise UsageError(f'there is no class {name!r}; there are: {", ".join(class_names)}')
    return list(class_names).index(name)


def model_info(version: str, n_swaps: int, method: str, stamp: int) -> VisionInfo:
    """Return what runs: the version's name, and a counter that rises at each swap."""
    return VisionInfo(
        header=header(stamp), method=method, database_location=version, database_version=n_swaps
    )


def label_info(class_names: Sequence[str], stamp: int) -> LabelInfo:
    """Return which classes there are."""
    classes = [VisionClass(class_id=i, class_name=name) for i, name in enumerate(class_names)]
    return LabelInfo(header=header(stamp), class_map=classes)


def bytes_message(data: bytes) -> UInt8MultiArray:
    """Return a message of bytes."""
    return UInt8MultiArray(data=array('B', data))


def detection_status(detection: Detection) -> DiagnosticArray:
    """Return the message of a drift event."""
    values = {
        'detector': detection.detector,
        'group': detection.group,
        'statistic': f'{detection.statistic:.3f}',
        'threshold': f'{detection.threshold:.3f}',
        'frames_suspected': str(detection.n_frames_suspected),
        **detection.details,
    }
    return diagnostics('drift', 'the input has changed', WARN, values, detection.stamp_ns)


def detection_in(message: DiagnosticArray) -> Detection:
    """Return the drift event in a message; UsageError where it is none."""
    if not message.status:
        raise UsageError('the drift message has no status')
    values = values_in(message)
    try:
        return Detection(
            detector=values.pop('detector'),
            stamp_ns=stamp_ns(message.header.stamp),
            statistic=float(values.pop('statistic')),
            threshold=float(values.pop('threshold')),
            group=values.pop('group'),
            n_frames_suspected=int(values.pop('frames_suspected')),
            details=values,
        )
    except (KeyError, ValueError) as error:
        raise UsageError(f'this is not a drift event: {error}') from error


def diagnostics(
    name: str, text: str, level: bytes, values: Mapping[str, str], stamp: int
) -> DiagnosticArray:
    """Return one status with its values."""
    one = status(name, 'edge_adapt', level, text, values)
    return DiagnosticArray(header=header(stamp), status=[one])


def status(
    name: str, hardware_id: str, level: bytes, text: str, values: Mapping[str, str]
) -> DiagnosticStatus:
    """Return a status."""
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    return DiagnosticStatus(
        level=level, name=name, message=text, hardware_id=hardware_id, values=pairs
    )


def values_in(message: DiagnosticArray) -> dict[str, str]:
    """Return the key-value pairs of the first status."""
    return {pair.key: pair.value for pair in message.status[0].values}
