"""The bucket as a copy of the local folder: upload what differs, listings of many machines, prune."""
