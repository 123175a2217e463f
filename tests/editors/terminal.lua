--- A program in a terminal of its own, by a private tmux server: keys go in, the screen comes back as text.
local check = require('check')
local scratch = require('scratch')

local Terminal = {}
Terminal.__index = Terminal

local function tmux(self, ...)
  local result = vim.system({ scratch.editors .. '/bin/tmux', '-S', self.socket, ... }, { text = true }):wait()
  check.truthy(result.code == 0, ('tmux %s: %s'):format(table.concat({ ... }, ' '), result.stderr))
  return result.stdout
end

--- `columns` and `rows` may be left out.
function Terminal.start(name, command, environment, directory, columns, rows)
  local self = setmetatable({ socket = scratch.directory .. '/' .. name .. '.tmux' }, Terminal)
  -- Without a pause after Escape: otherwise the next key might be taken for Alt with it.
  local config = scratch.write(
    scratch.directory .. '/tmux.conf',
    'set -g escape-time 0\nset -g status off\nset -ga terminal-features ",*:RGB"\n'
  )
  local arguments = {
    '-f',
    config,
    'new-session',
    '-d',
    '-x',
    tostring(columns or 120),
    '-y',
    tostring(rows or 40),
    '-c',
    directory,
    'env',
  }
  for variable, value in pairs(environment) do
    table.insert(arguments, variable .. '=' .. value)
  end
  tmux(self, unpack(vim.list_extend(arguments, command)))
  return self
end

--- Named keys, as tmux spells them.
function Terminal:press(...)
  tmux(self, 'send-keys', ...)
end

function Terminal:type(text)
  tmux(self, 'send-keys', '-l', text)
end

function Terminal:screen()
  return tmux(self, 'capture-pane', '-p')
end

--- The screen with its colours, as escape sequences, and the cursor's place in front: `column row`.
function Terminal:painted()
  return tmux(self, 'display-message', '-p', '#{cursor_x} #{cursor_y}') .. tmux(self, 'capture-pane', '-e', '-N', '-p')
end

--- Waits until the screen shows the text somewhere.
function Terminal:wait_for(text)
  check.wait(('%q on the screen'):format(text), function()
    return self:screen():find(text, 1, true)
  end, function()
    return vim.split(self:screen(), '\n')
  end)
end

function Terminal:close()
  pcall(tmux, self, 'kill-server')
end

return Terminal
