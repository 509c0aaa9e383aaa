"""Everything that runs by itself: the timetable, and one module per job."""
