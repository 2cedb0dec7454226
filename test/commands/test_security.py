"""The policy allows what the code does, and not a name more."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from edge_adapt.cli import main
from edge_adapt.commands._sros2 import policy
from edge_adapt.graph import INTERFACES
import pytest


def allowed(root: Element, verb: str, kind: str) -> dict[str, set[str]]:
    """Return node -> names for one verb: 'publish', 'subscribe' or 'reply'."""
    return {
        profile.attrib['node']: {
            name.text or ''
            for rule in profile
            if rule.attrib.get(verb) == 'ALLOW'
            for name in rule.iter(kind)
        }
        for profile in root.iter('profile')
    }


def test_only_the_adaptation_enclave_may_publish_weights():
    root = fromstring(policy())
    publishers = [
        n for n, names in allowed(root, 'publish', 'topic').items() if '/weights' in names
    ]
    assert publishers == ['adaptation']
    paths = [enclave.attrib['path'] for enclave in root.iter('enclave')]
    assert paths == [f'/edge_adapt/{node}' for node in INTERFACES]


def test_nobody_may_call_a_service():
    root = fromstring(policy())
    assert not any(allowed(root, 'request', 'service').values())


def test_a_namespace_moves_every_name_but_the_absolute_ones():
    root = fromstring(policy('/left/'))
    names = allowed(root, 'publish', 'topic')['inference']
    assert {'/left/classification', '/left/inference/transition_event', '/diagnostics'} <= names
    assert {profile.attrib['ns'] for profile in root.iter('profile')} == {'/left'}


def test_clock_is_heard_only_where_it_is_asked_for():
    assert '/clock' not in policy()
    assert policy(use_sim_time=True).count('/clock') == len(INTERFACES)


def test_the_command_prints_it(capsys):
    assert main(['security', 'policy']) == 0
    assert capsys.readouterr().out == policy()


@pytest.mark.parametrize('verb', ['publish', 'subscribe', 'reply'])
def test_no_wildcards(verb):
    kind = 'service' if verb == 'reply' else 'topic'
    names = set().union(*allowed(fromstring(policy()), verb, kind).values())
    assert not [name for name in names if '*' in name or not name.startswith('/')]
