"""Floor 4: claim files, adjudication, decisions and their replay."""
