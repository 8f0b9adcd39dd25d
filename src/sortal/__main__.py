"""`python -m sortal` is the `sortal` command."""

from sortal.cli.main import main

if __name__ == "__main__":
    main()
