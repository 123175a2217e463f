"""The recipe of Tandem's starter model: from repositories to a GGUF file. See README.md."""
