// StyLua's WebAssembly build is a library without a program: this is the program. Formats what it is given, or says what is not
// formatted; `--write` writes. The configuration is read from stylua.toml beside it, so that there is one.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { formatCode, Config, IndentType, QuoteStyle, CallParenType, OutputVerification } = require(
  path.join(process.env.STYLUA_MODULES, '@johnnymorganz/stylua/stylua_lib_node.cjs'),
);

function configuration() {
  const config = Config.new();
  const text = fs.readFileSync(path.join(__dirname, 'stylua.toml'), 'utf8');
  for (const [, key, value] of text.matchAll(/^(\w+) = "?([^"\n]+)"?$/gm)) {
    if (key === 'column_width') config.column_width = Number(value);
    else if (key === 'indent_width') config.indent_width = Number(value);
    else if (key === 'indent_type') config.indent_type = IndentType[value];
    else if (key === 'quote_style') config.quote_style = QuoteStyle[value];
    else if (key === 'call_parentheses') config.call_parentheses = CallParenType[value];
    else if (key !== 'collapse_simple_statement') throw new Error(`stylua.toml: ${key} is not known here`);
  }
  return config;
}

function* files(names) {
  for (const name of names) {
    if (fs.statSync(name).isDirectory()) {
      yield* files(fs.readdirSync(name).sort().map((leaf) => path.join(name, leaf)));
    } else if (name.endsWith('.lua')) {
      yield name;
    }
  }
}

const writes = process.argv.includes('--write');
let wrong = 0;
for (const name of files(process.argv.slice(2).filter((argument) => argument !== '--write'))) {
  const before = fs.readFileSync(name, 'utf8');
  const after = formatCode(before, configuration(), undefined, OutputVerification.None);
  if (before === after) continue;
  if (writes) {
    fs.writeFileSync(name, after);
    continue;
  }
  wrong += 1;
  const [old, now] = [before.split('\n'), after.split('\n')];
  const at = now.findIndex((line, index) => line !== old[index]);
  console.error(`${name}:${at + 1}: not formatted\n  is        ${old[at]}\n  should be ${now[at]}`);
}
process.exit(wrong === 0 ? 0 : 1);
