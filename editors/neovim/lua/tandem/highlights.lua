--- Highlight groups, each linked to one that every colour scheme has. `:help tandem-highlights` lists them. The ghost
--- text itself is Neovim's `ComplHint`.
local M = {}

local LINKS = {
  TandemCitation = 'Underlined',
  TandemUnverified = 'DiagnosticUnderlineWarn',
  TandemProgress = 'Comment',
  TandemTitle = 'Title',
  TandemLabel = 'Comment',
  TandemCost = 'Number',
  TandemWarning = 'DiagnosticWarn',
  TandemChoice = 'Statement',
  TandemBar = 'DiagnosticOk',
  TandemBarHigh = 'DiagnosticWarn',
  TandemBarFull = 'DiagnosticError',
  TandemBarFree = 'NonText',
}

--- Defines what the user has not defined. `default` links survive a change of the colour scheme.
function M.define()
  for group, link in pairs(LINKS) do
    vim.api.nvim_set_hl(0, group, { link = link, default = true })
  end
end

return M
