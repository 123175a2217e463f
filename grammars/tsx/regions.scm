; Strings that TSX has beyond TypeScript: none; text between tags is written by hand like code.
