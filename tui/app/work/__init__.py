"""What runs: scans, sends and estimates as the screens see them, and the jobs that outlive a screen."""
