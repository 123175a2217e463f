--- An unmodified Kakoune reads what `tandem setup kakoune` writes: Tandem is added to the servers that kakoune-lsp
--- gives a file type, and to a list of the user's, once. kakoune-lsp itself is played: it is in no Debian package.
--- `nvim -l tests/editors/kakoune.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')

local kakoune = vim.env.EDITOR_TEST_KAKOUNE
if not kakoune or kakoune == '' then
  check.note('SKIPPED Kakoune: scripts/get-editors.sh kakoune cannot get it here')
  os.exit(0)
end

local environment, workspace = scratch.home('kakoune')
local setup = { vim.env.EDITOR_TEST_SETUP or scratch.tandem, 'setup', 'kakoune', '--yes', '--command', 'tandem' }
local written = vim.system(setup, { env = environment, text = true }):wait()
check.truthy(written.code == 0, 'tandem setup kakoune: ' .. written.stdout .. written.stderr)

local number = 0

--- Runs commands in a Kakoune with that kakrc and the option that kakoune-lsp declares; returns the option's value.
local function servers(commands)
  number = number + 1
  local out = ('%s/servers-%d'):format(workspace, number)
  local script = scratch.write(
    ('%s/script-%d.kak'):format(workspace, number),
    'declare-option str lsp_servers\n'
      .. ('source %s/kak/kakrc\nedit -scratch text\n'):format(environment.XDG_CONFIG_HOME)
      .. commands
      .. ('\necho -to-file %s %%opt{lsp_servers}\nquit!\n'):format(out)
  )
  local command = { kakoune .. '/bin/kak', '-ui', 'dummy', '-n', '-e', 'source ' .. script }
  local ended =
    vim.system(command, { cwd = workspace, env = environment, text = true, timeout = check.patience }):wait()
  check.equal(0, ended.code, 'kak: ' .. ended.stderr)
  return scratch.read(out)
end

--- The names of the tables, in their order.
local function names(text)
  local found = {}
  for name in ('\n' .. text):gmatch('\n%s*%[([%w_-]+)%]') do
    table.insert(found, name)
  end
  return found
end

--- As kakoune-lsp does it for a file type that has no servers yet.
local DEFAULTS = 'set-option buffer lsp_servers %{\n[rust-analyzer]\nroot_globs = ["Cargo.toml"]\n}\n'
  .. 'trigger-user-hook LSPDefaultConfig=rust'

check.case("Tandem is added to kakoune-lsp's own servers, once", function()
  local text = servers(DEFAULTS)
  check.equal({ 'rust-analyzer', 'tandem' }, names(text), 'the servers')
  check.truthy(text:find('command = "tandem"\nargs = ["serve"]\n', 1, true), text)
  check.equal(
    { 'rust-analyzer', 'tandem' },
    names(servers(DEFAULTS .. '\ntrigger-user-hook LSPDefaultConfig=rust')),
    'twice'
  )
end)

check.case('where there are none it stands alone', function()
  check.equal({ 'tandem' }, names(servers('trigger-user-hook LSPDefaultConfig=nix')), 'the servers')
end)

check.case('a list of the user is added to, and an empty one is left to kakoune-lsp', function()
  local own = 'set-option buffer lsp_servers %{[mine]\n}\nset-option buffer filetype python'
  check.equal({ 'mine', 'tandem' }, names(servers(own)), 'the servers')
  check.equal({}, names(servers('set-option buffer filetype python')), 'before kakoune-lsp')
end)

check.finish()
