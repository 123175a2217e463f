--- What the server asks with a message and a few words to choose from (`window/showMessageRequest`), such as whether a
--- folder is trusted. Neovim would ask at once, and its menu takes the next keys, whatever they were meant for.
local quiet = require('tandem.quiet')

local M = {}

--- ms after which nobody will choose any more.
local PATIENCE = 600 * 1000

--- The server names a yes first and the way out last. Here the way out is first, and the yes the longest way.
local function from_the_no(actions)
  return vim.iter(actions):rev():totable()
end

--- Asks; `answer` is called once, with an action or, where none is chosen, nil.
--- @param params table
--- @param answer fun(action?: table)
local function ask(params, answer)
  local is_over, timer = false, nil
  local function finish(action)
    if is_over then
      return
    end
    is_over = true
    if not timer:is_closing() then
      timer:stop()
      timer:close()
    end
    answer(action)
  end
  timer = vim.defer_fn(finish, PATIENCE)
  quiet.wait(function()
    local asked, problem = pcall(vim.ui.select, from_the_no(params.actions), {
      kind = 'lsp_message',
      prompt = params.message .. ': ',
      format_item = function(action)
        return require('tandem.plain').line(action.title)
      end,
    }, finish)
    if not asked then
      vim.notify('Tandem cannot ask: ' .. tostring(problem), vim.log.levels.ERROR)
      finish()
    end
  end, function()
    return is_over
  end)
end

--- Handler of the request. Neovim runs it in a coroutine of its own, which waits for the user.
function M.on_request(problem, params, context)
  local waiting, is_main = coroutine.running()
  if #(params.actions or {}) == 0 or not waiting or is_main then
    return vim.lsp.handlers['window/showMessageRequest'](problem, params, context)
  end
  ask(params, function(action)
    -- The answer may come before this function waits for it.
    vim.schedule(function()
      coroutine.resume(waiting, action or vim.NIL)
    end)
  end)
  return coroutine.yield()
end

return M
