--- What README shows of Neovim and Helix: real programs in a terminal, kept as text with colours.
--- vscode/pictures_terminal.mjs makes pictures of that. Started by pictures.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local double = require('double')
local scratch = require('scratch')
local Neovim = require('neovim')
local Terminal = require('terminal')

local QUEUE = scratch.read(scratch.repository .. '/tests/editors/vscode/pictures/queue.py')
local ANSWER = scratch.read(scratch.repository .. '/tests/editors/vscode/pictures/answer.md')
local COLUMNS, ROWS = 108, 28

--- Keeps the screen as it is, below the name of the picture.
local function keep(terminal, name)
  scratch.write(scratch.directory .. '/terminals/' .. name .. '.ansi', terminal:painted())
end

local job, settings = double.start('pictures', ANSWER, 5)
settings.TANDEM_COMPLETION_EAGERNESS = 'high'

local editor = Neovim.with_plugin(
  'pictures-nvim',
  settings,
  [[
  require('tandem').setup({})
  vim.o.termguicolors, vim.o.number, vim.o.signcolumn, vim.o.cursorline = true, true, 'no', true
  vim.o.laststatus = 3
  -- Neovim's own grey is too dark for a small picture.
  vim.api.nvim_set_hl(0, 'ComplHint', { fg = '#8b929e', italic = true })
  vim.o.statusline = ' %f%m%=%{v:lua.require("tandem").statusline()} %l:%c '
  _G.wanted = { 'Ask: why', 'Trust' }
  vim.ui.select = function(items, options, choose)
    for index, item in ipairs(items) do
      local title = options.format_item and options.format_item(item) or item
      for _, wanted in ipairs(_G.wanted) do
        if vim.startswith(title, wanted) then return choose(item, index) end
      end
    end
    choose(nil)
  end
]]
)
scratch.write(editor.workspace .. '/queue.py', QUEUE)
-- The same Neovim gets a terminal to draw on: unpacked from its package it cannot start one of its own.
local socket = editor:lua('return vim.fn.serverstart(...)', scratch.directory .. '/nvim.sock')
local screen = Terminal.start(
  'pictures-nvim-tui',
  { scratch.editors .. '/bin/nvim', '--server', socket, '--remote-ui' },
  editor.environment,
  editor.workspace,
  COLUMNS,
  ROWS
)

check.case('nvim-ghost.png', function()
  editor:open('orders.py')
  editor:type(
    'Go<CR><C-U>    def refund(self) -> None:<CR><C-U>        self.status = "refunded"<CR><C-U>        self.audit.rec'
  )
  local ghost = editor:wait_for_ghost()
  screen:wait_for('self.audit.rec' .. ghost.text)
  keep(screen, 'nvim-ghost')
  editor:type('<Esc>:edit!<CR>')
  check.wait('normal mode', function()
    return editor:lua('return vim.fn.mode()') == 'n'
  end)
  editor:lua([[vim.cmd.echo('""')]])
end)

check.case('nvim-consent.png', function()
  editor:open('queue.py')
  editor:type('16G')
  editor:lua('vim.lsp.buf.code_action()')
  screen:wait_for('api.anthropic.com')
  keep(screen, 'nvim-consent')
end)

check.case('nvim-question.png', function()
  editor:lua([[vim.fn.search('Send this time', 'w')]])
  editor:type('<CR>')
  screen:wait_for('Answered by')
  keep(screen, 'nvim-question')
end)

editor:quit()
screen:close()
vim.fn.jobstop(job)

local environment, workspace =
  scratch.home('pictures-helix', { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = 'high' })
environment.COLORTERM = 'truecolor'
scratch.write(
  environment.XDG_CONFIG_HOME .. '/helix/languages.toml',
  scratch.snippet('editors/helix/README.md', 'toml')
)
scratch.write(environment.XDG_CONFIG_HOME .. '/helix/config.toml', 'theme = "dark_plus"\n')
local helix =
  Terminal.start('pictures-helix-tui', { scratch.editors .. '/bin/hx', 'orders.py' }, environment, workspace, 140, 24)

check.case('helix-menu.png', function()
  helix:wait_for(' NOR ')
  -- The first line of a method.
  helix:press('4', '0', 'g', 'g', 'o')
  helix:wait_for(' INS ')
  helix:type('    self.audit.rec')
  check.wait('the menu', function()
    for row in vim.gsplit(helix:screen(), '\n', { plain = true }) do
      if row:find('ord(self.order_id', 1, true) and not row:find('self.audit.rec', 1, true) then
        return true
      end
    end
  end)
  helix:press('Tab')
  helix:wait_for('self.audit.record(self.order_id, self.customer, self.status)')
  keep(helix, 'helix-menu')
end)

helix:press('Escape')
helix:type(':quit!')
helix:press('Enter')
helix:close()
check.finish()
