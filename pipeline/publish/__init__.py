"""What is published: races, listings and catalog, in a folder or a bucket; verified, sent and pruned."""
