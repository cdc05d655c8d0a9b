"""The planted company behind hunts.py: who is in it, what they do, what is hidden among it, and how findings are judged."""
