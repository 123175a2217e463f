; What TSX files bring in beyond TypeScript: nothing.
