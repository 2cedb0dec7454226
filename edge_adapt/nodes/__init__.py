"""ROS 2 nodes: convert, call, publish. Only this room imports rclpy."""
