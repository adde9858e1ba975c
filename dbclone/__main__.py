"""`python -m dbclone` is `dbclone`. Takes the command line, never returns."""

from dbclone.cli import main

if __name__ == "__main__":
    main()
