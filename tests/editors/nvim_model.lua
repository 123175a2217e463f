--- The same Neovim with the default settings: the starter model runs in the engine host, and lookup beside it. What the
--- model writes is not the same everywhere, so this looks at who was asked, at what is inserted, and at the processes.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Neovim = require('neovim')

local TYPED = 'self.audit.rec'

local doctor = vim.system({ scratch.tandem, 'doctor' }, { text = true }):wait()
if doctor.stdout:find('no llama.cpp', 1, true) then
  check.note('SKIPPED the model: this tandem was built without llama.cpp')
  check.finish()
end

-- A second, so that the end of the host is seen.
local editor = Neovim.start('neovim-model', { TANDEM_ENGINE_HOST_IDLE_SECONDS = '1' })
editor:open('orders.py')

--- The process that holds the model; nil while there is none.
local function host()
  for id, command in pairs(scratch.processes(editor.environment)) do
    if command:find(' engine ', 1, true) then
      return id
    end
  end
end

--- Goes to a new line and types; waits until a suggestion is shown. The line above it is never the same, so that the
--- answer does not come from memory.
local step = 0
local function ask()
  step = step + 1
  editor:type(('<Esc>Go<C-U>        # step %d<CR><C-U>        %s'):format(step, TYPED))
  return editor:wait_for_ghost()
end

--- Lets time pass in keys until the model had a part in an answer: it loads at the first, and lookup answers meanwhile.
local function ask_until_model_answers()
  return check.wait('the model to be asked', function()
    local ghost = ask()
    local why = editor:why()
    if why and type(why.tokens) == 'table' and why.tokens.generated > 0 then
      return { ghost = ghost, why = why }
    end
    editor:type('<Esc>dd')
  end, function()
    return { status = editor:request('tandem/status'), why = editor:why() }
  end)
end

check.case('the model is asked, and lookup answers until it is loaded', function()
  local answer = ask_until_model_answers()
  check.truthy(answer.why.tokens.evaluated > 0, 'no token was evaluated')
  check.equal(answer.ghost.text, answer.why.decision.shown.suggestions[1].text, 'what is shown')
  check.equal('ready', editor:request('tandem/status').state, 'the state of the model')
  check.truthy(host(), 'no engine host among the processes')
end)

check.case('Tab inserts exactly what was shown', function()
  local shown = editor:ghost().text
  editor:type('<Tab>')
  check.wait('the suggestion in the buffer', function()
    return vim.endswith(editor:text(), '        ' .. TYPED .. shown .. '\n')
  end, function()
    return { shown = shown, text = editor:text() }
  end)
  editor:check_agreement()
end)

check.case('the next question finds its prompt in the cache', function()
  local answer = ask_until_model_answers()
  check.truthy(answer.why.tokens.reused > 0, vim.inspect(answer.why.tokens))
  editor:type('<Esc>dd')
end)

check.case('Neovim had no error to note', function()
  editor:check_log()
end)

check.case('when the engine host is killed, suggestions go on and the user is told once', function()
  local before = check.truthy(host(), 'no engine host')
  vim.uv.kill(before, 'sigkill')
  check.wait('its end', function()
    return host() ~= before
  end)
  ask_until_model_answers()
  check.truthy(host(), 'no new engine host')
  local _, messages = editor:log():gsub('"rpc.receive"[^\n]*"window/showMessage"', '')
  check.equal(1, messages, 'messages to the user')
  editor:check_agreement()
end)

check.case('quitting Neovim ends the server at once and the engine host when it is idle', function()
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.finish()
