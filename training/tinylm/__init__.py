"""Everything that makes the embedded model: text generator, tokenizer, network, export, runner."""
