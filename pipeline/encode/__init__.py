"""RaceFrames -> bytes: frames as JSON, frames and laps as Parquet, the compact replay."""
