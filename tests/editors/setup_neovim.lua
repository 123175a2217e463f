--- An unmodified Neovim with what `tandem setup neovim` writes, and with nothing else: no `init.lua`, no plugin. Beside
--- the plugin the same file leaves everything to that.
--- `nvim -l tests/editors/setup_neovim.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Neovim = require('neovim')

local LOOKUP = { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = 'high' }

--- A line that stands four times in orders.py, cut where the suggestion is to begin.
local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

local function setup(environment)
  local arguments = { vim.env.EDITOR_TEST_SETUP or scratch.tandem, 'setup', 'neovim', '--yes', '--command', 'tandem' }
  local written = vim.system(arguments, { env = environment, text = true }):wait()
  check.truthy(written.code == 0, 'tandem setup neovim: ' .. written.stdout .. written.stderr)
end

--- Types at the end of orders.py until there is ghost text, and takes it.
local function complete(editor)
  editor:open('orders.py')
  editor:type('Go<C-U>        ' .. TYPED)
  check.equal(REST, editor:wait_for_ghost().text, 'the suggestion')
  editor:enter('<Tab>', '        ' .. TYPED .. REST)
  editor:type('<Esc>')
end

check.case('the file that setup writes shows ghost text, and Tab takes it', function()
  local editor = Neovim.with_init('setup-neovim', LOOKUP, '', setup)
  complete(editor)
  editor:check_agreement()
  editor:check_log()
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.case('a Tab of the user stays', function()
  local own = "vim.keymap.set('i', '<Tab>', 'own', { desc = 'mine' })"
  local editor = Neovim.with_init('setup-neovim-tab', LOOKUP, own, setup)
  editor:open('orders.py')
  check.equal('mine', editor:lua("return vim.fn.maparg('<Tab>', 'i', false, true).desc"), 'the key')
  editor:quit()
end)

check.case('beside the plugin it only starts that', function()
  local editor = Neovim.with_init('setup-neovim-plugin', LOOKUP, '', function(environment)
    scratch.copy_plugin(environment.XDG_DATA_HOME .. '/nvim/site/pack/any/start/tandem')
    setup(environment)
  end)
  editor:open('orders.py')
  check.truthy(editor:lua("return package.loaded['tandem.config'] ~= nil"), 'the plugin was not set up')
  check.equal(1, editor:lua("return #vim.lsp.get_clients({ name = 'tandem' })"), 'clients')
  editor:quit()
end)

check.finish()
