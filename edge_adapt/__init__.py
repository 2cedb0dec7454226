"""Small networks that keep working when the robot's world changes."""
