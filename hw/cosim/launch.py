"""
Start the serving accelerator in the simulator; its build must be there.

    python -m hw.cosim.launch '{"socket": ..., "parameters": {...}, "n_frame_words": ...,
        "n_value_words": ...}'

Ends with status 2 and a sentence where something is missing.
"""

from __future__ import annotations

import json
import sys

from hw.cosim.build import is_built, missing, run


def main(request: str) -> int:
    """Run until the other side of the socket closes."""
    wanted = json.loads(request)
    sentences = missing()
    if not sentences and not is_built('accelerator', wanted['parameters'], 'serving'):
        learning = ' --learning' if 'EsSamples' in wanted['parameters'] else ''
        sentences = [
            'the accelerator is not built for this network: run'
            f' `python -m hw.cosim.prebuild MODEL{learning}` once (a minute)'
        ]
    if sentences:
        sys.stderr.write('; '.join(sentences) + '\n')
        return 2
    run(
        'accelerator',
        'hw.cosim.serve',
        wanted['parameters'],
        purpose='serving',
        environment={
            'SIMULATOR_SOCKET': wanted['socket'],
            'N_FRAME_WORDS': str(wanted['n_frame_words']),
            'N_VALUE_WORDS': str(wanted['n_value_words']),
        },
    )
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
