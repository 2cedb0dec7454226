"""Recorded bags: MCAP and sqlite3, read and written without ROS, never over the middleware."""
