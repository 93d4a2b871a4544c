"""What converge.py needs: hosts to converge, the work they are given, and pyinfra's way to do it."""
