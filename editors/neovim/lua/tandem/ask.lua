--- Questions: where they are about, and their words.
local client = require('tandem.client')
local sheet = require('tandem.sheet')

local M = {}

--- Calls back with the words, after asking the user for them where there are none. Nothing is asked without words.
--- @param words? string
--- @param act fun(words: string)
function M.with_words(words, act)
  local function take(given)
    given = vim.trim(given or '')
    if given ~= '' then
      act(given)
    end
  end
  if words and vim.trim(words) ~= '' then
    take(words)
  else
    vim.ui.input({ prompt = 'Ask: ' }, take)
  end
end

--- The lines as the protocol has them: from the first character of the one to the end of the other.
--- @param server vim.lsp.Client
--- @param lines { line1: integer, line2: integer }
local function range_of(server, lines)
  local last = vim.api.nvim_buf_get_lines(0, lines.line2 - 1, lines.line2, true)[1]
  local stop = { lines.line2, math.max(0, #last - 1) }
  return vim.lsp.util.make_given_range_params({ lines.line1, 0 }, stop, 0, server.offset_encoding).range
end

--- What `tandem.ask` takes for the place of the current window. Without a document that the server has, it is about the
--- folder.
local function place(server, lines)
  local bufnr = vim.api.nvim_get_current_buf()
  if not server.attached_buffers[bufnr] then
    return {}
  end
  local range = lines and range_of(server, lines) or vim.lsp.util.make_range_params(0, server.offset_encoding).range
  return { uri = vim.uri_from_bufnr(bufnr), range = range }
end

local function send(command, words, lines)
  local server = client.need(nil, true)
  if not server then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  -- Before the words are asked for: by then the cursor may be elsewhere.
  local argument = place(server, lines)
  M.with_words(words, function(question)
    argument.question = question
    client.execute(server, command, { argument }, nil, bufnr)
  end)
end

--- Asks about the lines, or about where the cursor stands. In an answer it goes on with that.
--- @param words? string
--- @param lines? { line1: integer, line2: integer } from 1
function M.ask(words, lines)
  local bufnr = vim.api.nvim_get_current_buf()
  if sheet.is_sheet(bufnr) then
    require('tandem.answers').follow_up(bufnr, words)
    return
  end
  send('tandem.ask', words, lines)
end

--- Shows what the same question would send. Sends nothing.
--- @param words? string
--- @param lines? { line1: integer, line2: integer }
function M.preview(words, lines)
  send('tandem.preview', words, lines)
end

--- The server's code action `Ask about …` wants the words from here.
--- @param command lsp.Command
--- @param context table
function M.on_prompt(command, context)
  local argument = command.arguments and command.arguments[1] or {}
  local server = vim.lsp.get_client_by_id(context.client_id)
  if server then
    M.with_words(nil, function(question)
      argument.question = question
      client.execute(server, 'tandem.ask', { argument }, nil, context.bufnr)
    end)
  end
end

return M
