--- What goes wrong with an unmodified Helix: the server dies, its binary is missing, the configuration is taken out.
--- `nvim -l tests/editors/helix_faults.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Helix = require('helix_editor')

local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'
local LOOKUP = { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = 'high' }

local helix = Helix.start('helix-faults', LOOKUP, 'orders.py', { languages = { 'python' } })

check.case('a killed server costs no key, and starts again by command', function()
  helix:attached()
  local killed = check.wait('the server', function()
    return next(scratch.processes(helix.environment))
  end)
  vim.uv.kill(killed, 'sigkill')
  scratch.wait_until_gone(helix.environment)
  helix:append(TYPED)
  helix:normal()
  helix:write('        ' .. TYPED .. '\n')
  helix.terminal:press('u')
  helix:command('lsp-restart')
  helix:attached(2)
  local started = check.wait('another one', function()
    return next(scratch.processes(helix.environment))
  end)
  check.truthy(started ~= killed, 'the same process')
  helix:append(TYPED)
  helix:menu(REST, TYPED)
  helix.terminal:press('Tab', 'Enter')
  helix:normal()
  helix:write('        ' .. TYPED .. REST .. '\n')
end)

check.case('taken out by the command, the next Helix starts no server', function()
  local remove = { vim.env.EDITOR_TEST_SETUP or scratch.tandem, 'setup', 'helix', '--remove', '--yes' }
  local ended = vim.system(remove, { env = helix.environment, text = true }):wait()
  check.equal(0, ended.code, ended.stderr)
  check.truthy(not vim.uv.fs_stat(helix.languages), 'the file that was made is still there')
  helix:quit()
end)

check.case('without its binary Helix edits as ever, and says in --health what is missing', function()
  local missing =
    Helix.start('helix-missing', LOOKUP, 'orders.py', { languages = { 'python' }, command = '/nowhere/tandem' })
  missing:append(TYPED)
  missing:normal()
  missing:write('        ' .. TYPED .. '\n')
  local command = { scratch.editors .. '/bin/hx', '--health', 'python' }
  local health = vim.system(command, { env = missing.environment, text = true }):wait().stdout
  check.truthy(health:find("'/nowhere/tandem' not found in $PATH", 1, true), health)
  missing:quit()
end)

check.finish()
