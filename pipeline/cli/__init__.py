"""The command line: click, the settings that its flags make, and what it shows. Nothing else imports it."""
