"""
SROS2 policies from the node graph: an enclave a node, and nothing it does not need.

The format is the policy schema of SROS2 (design.ros2.org, "ROS 2 Access Control Policies"), which
`ros2 security create_permission` turns into signed DDS permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, indent, SubElement, tostring

from edge_adapt.graph import COMMON, Interface, INTERFACES

ROOT = '/edge_adapt'


def policy(
    namespace: str = '',
    use_sim_time: bool = False,
    interfaces: Mapping[str, Interface] = INTERFACES,
) -> str:
    """
    Return the policy file of the graph as XML.

    Names are absolute under `namespace`; with `use_sim_time` every node may hear /clock.
    """
    root = Element('policy', version='0.2.0')
    enclaves = SubElement(root, 'enclaves')
    for node, own in interfaces.items():
        enclave = SubElement(enclaves, 'enclave', path=f'{ROOT}/{node}')
        profile = SubElement(SubElement(enclave, 'profiles'), 'profile')
        profile.set('ns', _absolute('', namespace, '').rstrip('/') or '/')
        profile.set('node', node)
        heard = (*own.subscribes, '/clock') if use_sim_time else own.subscribes
        rules = (
            ('services', 'reply', 'service', (*COMMON.services, *own.services)),
            ('topics', 'publish', 'topic', (*COMMON.publishes, *own.publishes)),
            ('topics', 'subscribe', 'topic', heard),
        )
        for group, verb, kind, names in rules:
            _allow(profile, group, verb, kind, (_absolute(n, namespace, node) for n in names))
    indent(root)
    return tostring(root, encoding='unicode', xml_declaration=False) + '\n'


def _allow(profile: Element, group: str, verb: str, kind: str, names: Iterable[str]) -> None:
    ordered = sorted(names)
    if ordered:
        rule = SubElement(profile, group, {verb: 'ALLOW'})
        for name in ordered:
            SubElement(rule, kind).text = name


def _absolute(name: str, namespace: str, node: str) -> str:
    """Return a name as rcl expands it: '~' is the node, a leading '/' is kept."""
    if name.startswith('/'):
        return name
    prefix = f'/{namespace.strip("/")}' if namespace.strip('/') else ''
    return f'{prefix}/{node}{name[1:]}' if name.startswith('~') else f'{prefix}/{name}'
