--- A Helix to drive: in a terminal of its own, with exactly the `languages.toml` that `tandem setup helix` writes.
local check = require('check')
local scratch = require('scratch')
local Terminal = require('terminal')

local Helix = {}
Helix.__index = Helix

--- What writes the configuration: another build may be the server.
local SETUP = vim.env.EDITOR_TEST_SETUP or scratch.tandem

--- Starts it in the workspace of `scratch.home(name, settings)` with `file` open. `options`:
--- `files`: texts by name, written into the workspace first; `config`: what stands in `config.toml`; `command`: what is
--- started in place of `tandem`; `languages`: those to set up, otherwise all.
function Helix.start(name, settings, file, options)
  options = options or {}
  local environment, workspace = scratch.home(name, settings)
  local self = setmetatable({ environment = environment, workspace = workspace, file = file }, Helix)
  for path, text in pairs(options.files or {}) do
    scratch.write(workspace .. '/' .. path, text)
  end
  if options.config then
    scratch.write(environment.XDG_CONFIG_HOME .. '/helix/config.toml', options.config)
  end
  local arguments = { SETUP, 'setup', 'helix', '--yes', '--command', options.command or 'tandem' }
  for _, language in ipairs(options.languages or {}) do
    vim.list_extend(arguments, { '--language', language })
  end
  local written = vim.system(arguments, { env = environment, text = true }):wait()
  check.truthy(written.code == 0, 'tandem setup helix: ' .. written.stdout .. written.stderr)
  self.languages = environment.XDG_CONFIG_HOME .. '/helix/languages.toml'
  self.log_file = environment.XDG_CACHE_HOME .. '/helix/helix.log'
  local command = { scratch.editors .. '/bin/hx', '-v' }
  if file then
    table.insert(command, file)
  end
  self.terminal = Terminal.start(name, command, environment, workspace)
  self.terminal:wait_for(' NOR ')
  return self
end

--- What Helix noted, the messages of the protocol among it.
function Helix:log()
  return vim.uv.fs_stat(self.log_file) and scratch.read(self.log_file) or ''
end

--- How often the log has a pattern.
function Helix:count(pattern)
  return select(2, self:log():gsub(pattern, ''))
end

--- Waits until the handshake has happened `times` times.
function Helix:attached(times)
  check.wait('the handshake', function()
    return self:count('tandem %-> [^\n]*"initialized"') >= (times or 1)
  end, function()
    return { screen = self:rows(), log = self:log():sub(-2000) }
  end)
end

function Helix:rows()
  return vim.split(self.terminal:screen(), '\n')
end

function Helix:normal()
  self.terminal:press('Escape')
  self.terminal:wait_for(' NOR ')
end

--- Runs a typable command. What is typed in it must be seen before Enter is a key of its own.
function Helix:command(line)
  self.terminal:type(':' .. line)
  self.terminal:wait_for(line:sub(-60))
  self.terminal:press('Enter')
end

--- Opens a line below the last one, at its indentation, and types.
function Helix:append(text)
  self.terminal:press('g', 'e', 'o')
  self.terminal:wait_for(' INS ')
  self.terminal:type(text)
  self.terminal:wait_for(text)
end

--- Waits until the menu offers a text: a row that has its beginning and not what was typed before it.
function Helix:menu(rest, typed)
  check.wait('the menu', function()
    for _, row in ipairs(self:rows()) do
      if row:find(rest:sub(1, 20), 1, true) and not row:find(typed, 1, true) then
        return true
      end
    end
  end, function()
    return self:rows()
  end)
end

--- Writes the file and waits until it ends in `expected` on the disk.
function Helix:write(expected)
  self:command('write')
  check.wait('the file to end in ' .. vim.inspect(expected), function()
    -- Helix writes a new file and moves it to its place: for a moment there is none.
    local there, text = pcall(scratch.read, self.workspace .. '/' .. self.file)
    return there and vim.endswith(text, expected)
  end, function()
    return self:rows()
  end)
end

--- Waits for a question of the server, and takes its first choice, which Helix has selected.
function Helix:agree(title)
  self.terminal:wait_for(title)
  self.terminal:press('Enter')
end

function Helix:quit()
  self:normal()
  self:command('quit-all!')
  scratch.wait_until_gone(self.environment)
  self.terminal:close()
end

return Helix
