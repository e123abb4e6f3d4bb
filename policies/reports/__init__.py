"""What a preview said of the rules, for readers beside the terminal: pull requests, code scanning, test reports."""
