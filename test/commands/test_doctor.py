"""`edge-adapt doctor --security` says who is kept out, and who is not."""

from __future__ import annotations

import json

from edge_adapt.cli import main
import pytest


def findings(capsys) -> str:
    assert main(['doctor', '--security', '--json']) in (0, 1)
    return ' '.join(finding['text'] for finding in json.loads(capsys.readouterr().out))


@pytest.mark.ros
def test_tells_that_the_wheels_have_no_security(capsys, monkeypatch):
    monkeypatch.delenv('ROS_SECURITY_ENABLE', raising=False)
    told = findings(capsys)
    assert 'an altered bit is refused' in told
    assert 'ROS 2 security is not enforced' in told
    assert 'the middleware was built with' in told


@pytest.mark.ros
def test_a_keystore_that_is_not_there_is_needed(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv('ROS_SECURITY_ENABLE', 'true')
    monkeypatch.setenv('ROS_SECURITY_STRATEGY', 'Enforce')
    monkeypatch.setenv('ROS_SECURITY_KEYSTORE', str(tmp_path))
    assert main(['doctor', '--security']) == 1
    assert 'MISSING' in capsys.readouterr().out


@pytest.mark.ros
@pytest.mark.parametrize(('reach', 'told'), [('LOCALHOST', 'only processes'), ('SUBNET', 'every')])
def test_tells_who_can_reach_the_topics(capsys, monkeypatch, reach, told):
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', reach)
    assert told in findings(capsys)
