"""
The street of signs, rendered by MuJoCo (Todorov et al., 2012): a robot's camera without a robot.

Rendering needs no display: MUJOCO_GL=egl (the default here) or osmesa, both in software.
"""

from __future__ import annotations

from collections.abc import Iterator
import os
from typing import Any
import weakref

from edge_adapt import street
from edge_adapt.errors import UsageError
from edge_adapt.images import Region
from edge_adapt.records import Frame
from edge_adapt.streams import Segment
from edge_adapt.streams._order import plan
from edge_adapt.streams._schedule import parse
from edge_adapt.streams._signs import sign_png, signs
import numpy as np

os.environ.setdefault('MUJOCO_GL', 'egl')
import mujoco

_JITTER = 0.001  # metres the rover stops beside a sign: 0.2 pixels
_SCENE = """
<mujoco>
  <visual>
    <global offwidth="{width}" offheight="{height}"/>
    <quality offsamples="0" shadowsize="0"/>
    <headlight ambient="0 0 0" diffuse="0 0 0" specular="0 0 0"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".5 .6 .7" rgb2=".2 .2 .3"
      width="64" height="64"/>
    {assets}
  </asset>
  <worldbody>
    <light name="sun" directional="true" dir="0 1 -.5" castshadow="false" ambient="{ambient}"
      diffuse="{diffuse}" specular="0 0 0"/>
    <geom type="plane" size="200 20 .1" rgba=".4 .4 .35 1"/>
    <body name="rover" mocap="true" pos="0 0 {camera_height}">
      <camera name="eye" fovy="{fovy}" xyaxes="1 0 0 0 0 1"/>
    </body>
    {signs}
  </worldbody>
</mujoco>
"""
# Ambient and diffuse light add up to 1 on a sign by day: the picture is what is on it.
_AMBIENT, _DIFFUSE = 0.5, 0.55


class Mujoco:
    """
    A rover stops before sign after sign; the schedule says in which light.

    Segments are `day`, `dusk` and `flicker`, as in 'day:300,dusk:450,day:300'.
    """

    class_names = tuple('0123456789')
    rate_hz = street.RATE_HZ
    region = Region(80, 40, 160, 160)

    def __init__(
        self, schedule: str = 'day:300,dusk:450,day:300', *, seed: int = 0, order: str = 'shuffled'
    ) -> None:
        self.segments: tuple[Segment, ...] = parse(schedule, tuple(street.ZONES))
        self._pool = signs()
        self._plan = plan(self._pool, len(self), order, 1, seed)
        self._shift = np.random.default_rng(seed).uniform(-_JITTER, _JITTER, len(self))
        try:
            self._model = mujoco.MjModel.from_xml_string(_scene(), _textures(self._pool.images))
            self._renderer = mujoco.Renderer(self._model, street.HEIGHT, street.WIDTH)
        except Exception as error:  # it raises what the driver below it raises
            raise UsageError(
                f'MuJoCo cannot render here ({error}): install libegl1 and libgl1-mesa-dri, or'
                ' libosmesa6 and set MUJOCO_GL=osmesa'
            ) from error
        self._data = mujoco.MjData(self._model)
        # In time: at the end of the interpreter its driver is gone before it.
        weakref.finalize(self, _close, self._renderer)

    def __len__(self) -> int:
        return self.segments[-1].stop

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(f'frame {index} of {len(self)}')
        segment = next(segment for segment in self.segments if index < segment.stop)
        sign = int(self._plan[index])
        light = street.ZONES[segment.name][index % 2]
        self._model.light_ambient[0] = _AMBIENT * light
        self._model.light_diffuse[0] = _DIFFUSE * light
        x = street.x_of(sign) + self._shift[index]
        self._data.mocap_pos[0] = (x, 0, street.CAMERA_HEIGHT)
        mujoco.mj_forward(self._model, self._data)
        self._renderer.update_scene(self._data, camera='eye')
        return Frame(
            self._renderer.render().copy(),
            stamp_ns=round(index * 1e9 / self.rate_hz),
            frame_id=street.FRAME_ID,
            label=int(self._pool.labels[sign]),
            track=sign,
        )


def _close(renderer: Any) -> None:
    """Free a renderer: in its own context, or it would free the textures of another one."""
    renderer._gl_context.make_current()
    renderer.close()


def _scene() -> str:
    half = street.SIGN / 2
    assets, bodies = [], []
    for i in range(street.N_SIGNS):
        assets.append(f'<texture name="t{i}" type="2d" file="sign_{i}.png"/>')
        assets.append(f'<material name="m{i}" texture="t{i}"/>')
        # A plane shows its texture on the side its z axis points to: at the camera.
        bodies.append(
            f'<geom type="plane" size="{half} {half} .01" material="m{i}"'
            f' pos="{street.x_of(i)} {street.DISTANCE} {street.CAMERA_HEIGHT}"'
            ' xyaxes="1 0 0 0 0 1"/>'
        )
    return _SCENE.format(
        width=street.WIDTH,
        height=street.HEIGHT,
        fovy=street.FIELD_OF_VIEW_DEGREES,
        camera_height=street.CAMERA_HEIGHT,
        ambient=' '.join([str(_AMBIENT)] * 3),
        diffuse=' '.join([str(_DIFFUSE)] * 3),
        assets='\n'.join(assets),
        signs='\n'.join(bodies),
    )


def _textures(images: Any) -> dict[str, bytes]:
    return {f'sign_{i}.png': sign_png(image) for i, image in enumerate(images)}
