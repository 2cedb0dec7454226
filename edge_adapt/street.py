"""
A street of signs: where they stand, what is on them, and which one the rover's camera faces.

One description for the world of Gazebo (tools/world) and for the scene of MuJoCo. Metres; the
rover drives along x, its camera looks along y at signs of handwritten digits.
"""

from __future__ import annotations

from math import atan, degrees

WIDTH, HEIGHT = 320, 240  # pixels of the camera
RATE_HZ = 30.0
N_SIGNS = 40
SPACING = 2.0  # from sign to sign
DISTANCE = 1.0  # from the camera to the signs
SIGN = 0.8  # a sign is as wide as high: 160 of 240 pixels of the camera's height
CAMERA_HEIGHT = 0.6
SPEED = 0.5  # metres a second
IN_VIEW = 0.05  # a sign is faced while the camera is not farther from its middle: 10 pixels
FIELD_OF_VIEW = 2 * atan(SIGN * HEIGHT / 160 / 2 / DISTANCE)  # vertical, radians
HORIZONTAL_FIELD_OF_VIEW = 2 * atan(SIGN * WIDTH / 160 / 2 / DISTANCE)
FIELD_OF_VIEW_DEGREES = degrees(FIELD_OF_VIEW)
FRAME_ID = 'rover/chassis/camera'  # Gazebo's own name of the sensor in the world
# Brightness of the lights over each zone; a zone is a third of the street.
ZONES = {'day': (1.0, 1.0), 'dusk': (0.3, 0.3), 'flicker': (1.0, 0.3)}
SEED = 0  # which digits stand where


def x_of(sign: int) -> float:
    """Return where sign 0..N_SIGNS-1 stands along the street."""
    return sign * SPACING


def sign_in_view(x: float) -> int | None:
    """Return the sign the camera faces from x; None between signs."""
    sign = round(x / SPACING)
    if not 0 <= sign < N_SIGNS or abs(x - x_of(sign)) > IN_VIEW:
        return None
    return sign


def light_over(sign: int) -> float:
    """Return the brightness 0..1 over a sign: day, then dusk, then one and the other in turn."""
    zone = list(ZONES.values())[sign * len(ZONES) // N_SIGNS]
    return zone[sign % 2]
