"""
The two paths: inference (frames to results) and adaptation (samples to weights).

They are plain objects, driven by the ROS nodes and by the offline evaluation alike. They meet only
in a set of weights that passes from one to the other between two frames.
"""
