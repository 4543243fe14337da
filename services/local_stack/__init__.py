"""The whole engine on one laptop: embedded servers as child processes, and every service in one process."""
